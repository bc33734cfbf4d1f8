import type { Certificate, CertificateRequest, Secret } from '../model/objects.ts';
import type { ControllerFlags } from './flags.ts';

/** The state of one Certificate, as the trigger controller would find it in its caches. */
export interface ReissueInput {
  certificate: Certificate;
  /** The Secret that spec.secretName names, in the Certificate's namespace; undefined where there is none. */
  secret: Secret | undefined;
  /** CertificateRequests of the namespace; those of this Certificate are found by the uid of their controller owner. */
  requests: CertificateRequest[];
  /** Certificates of the namespace with the same spec.secretName, this one included. */
  siblings: Certificate[];
}

export interface ReissueOptions {
  now: Date;
  /** The cert-manager that decides: `1.21.2`, with or without a leading v. */
  version: string;
  /** A renewal that is due within this many milliseconds from now counts as a reissue; default 0: only what is due now. */
  horizonMs?: number;
  /** The controller's arguments as `controllerFlags` reads them; without them its defaults hold. */
  flags?: ControllerFlags;
}

/** What stands before the policy chain and keeps the controller from asking it. */
export type Gate = 'deleting' | 'issuing' | 'not-owner' | 'duplicate-requests' | 'back-off';

export interface Decision {
  /**
   * `keep`: nothing is issued. `reissue`: cert-manager issues anew, now or at `at`. `undecidable`: cert-manager's Go
   * parsers may see something that certkeep does not; never read this as keep.
   */
  outcome: 'keep' | 'reissue' | 'undecidable';
  /** The policy function of cert-manager that was violated; '' for keep and where a gate decided. */
  policy: string;
  /** cert-manager's own reason of the Issuing condition; '' for keep. */
  reason: string;
  /** cert-manager's own message; for undecidable: what could not be decided, in certkeep's words. */
  message: string;
  /** RFC 3339: the next renewal, the renewal that is due, or the end of the back-off; null where none is known. */
  at: string | null;
  /** Which gate stands before the chain; absent where the chain was asked. */
  gate?: Gate;
}
