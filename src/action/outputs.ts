import type { CertificateReport, Report } from '../model/report.ts';

/** The outputs of action.yml. A test compares the lists. */
export const OUTPUTS = [
  'artifact-id',
  'artifact-url',
  'artifact-digest',
  'backup-path',
  'root-digest',
  'verdict',
  'certificates',
  'reissued',
  'report-path',
] as const;
export type OutputName = (typeof OUTPUTS)[number];

/** GitHub allows 1 MB for all outputs of a job. */
const REISSUED_LIMIT = 100_000;

/** True for a Certificate that was reissued, is being reissued, or would be. */
export function isReissue(certificate: CertificateReport): boolean {
  return certificate.verdict === undefined
    ? certificate.prediction === 'reissue'
    : certificate.verdict === 'reissued' || certificate.verdict === 'issuing';
}

/**
 * The Certificates that were, or would be, reissued, as a JSON list of `namespace/name`. It is cut where it would be
 * longer than 100 kB, or at once where names may not be shown; the last entry then says how many more there are.
 */
export function reissuedList(certificates: readonly CertificateReport[], names: boolean): string {
  const all = certificates.filter(isReissue).map((c) => `${c.namespace}/${c.name}`);
  const room = REISSUED_LIMIT - 40;
  const shown: string[] = [];
  let size = 2;
  for (const name of names ? all : []) {
    size += Buffer.byteLength(JSON.stringify(name)) + 1;
    if (size > room) break;
    shown.push(name);
  }
  const more = all.length - shown.length;
  return JSON.stringify(more > 0 ? [...shown, `and ${more} more`] : shown);
}

/** The outputs that come from the report. */
export function reportOutputs(
  report: Report,
  names: boolean,
): Pick<Record<OutputName, string>, 'verdict' | 'certificates' | 'reissued'> {
  return {
    verdict: report.verdict,
    certificates: String(report.certificates.length),
    reissued: reissuedList(report.certificates, names),
  };
}
