/** What the test cluster is built from. */
export const KUBERNETES_VERSION = '1.36.3';
export const DEFAULT_CERT_MANAGER = '1.21.2';

/** The cert-manager versions that were built and tried here. go-1.17.mod (1.17.4) is prepared, but not tried yet. */
export const CERT_MANAGER_VERSIONS = ['1.18.2', '1.19.0', '1.20.2', '1.21.2'] as const;

/** Checks a version and gives it without a leading v. Throws when there is no module file for it. */
export function certManagerVersion(text: string): string {
  const version = text.replace(/^v/, '');
  if (!(CERT_MANAGER_VERSIONS as readonly string[]).includes(version)) {
    throw new Error(`cert-manager ${text} is not prepared here; there are ${CERT_MANAGER_VERSIONS.join(', ')}`);
  }
  return version;
}
