import type { Certificate } from '../model/objects.ts';
import type { CertificateReport } from '../model/report.ts';
import type { Decision } from './input.ts';

/** A decision as a line of a report. */
export function predictionReport({ metadata }: Certificate, decision: Decision): CertificateReport {
  const { outcome, reason, message, at } = decision;
  return { namespace: metadata.namespace ?? '', name: metadata.name, prediction: outcome, reason, message, at };
}
