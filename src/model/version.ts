/** The version of certkeep: written into every backup and report. A test holds it to package.json. */
export const CERTKEEP_VERSION = '0.1.0';
