import type { Certificate, CertificateRequest, Secret } from '../../src/model/objects.ts';

/** One state of a cluster, and the time at which it is judged. */
export interface Case {
  id: string;
  /** Which detail was changed: the name of the twin. */
  twin: string;
  /** Whether DER or PEM was damaged, or something set that no API server takes: undecidable is then allowed. */
  damaged: boolean;
  certificate: Certificate;
  secret: Secret | null;
  requests: CertificateRequest[];
  siblings: Certificate[];
  /** RFC 3339 with milliseconds. */
  now: string;
  /** The controller's arguments, each `--name=value`; absent: none. */
  flags?: string[];
}
