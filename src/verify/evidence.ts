import type { CertificateBaseline, RequestFacts } from '../model/backup.ts';
import { type Certificate, type Condition, condition } from '../model/objects.ts';
import type { Evidence, EvidenceFact } from '../model/report.ts';

/** One Certificate as the cluster has it now. */
export interface Observed {
  certificate: Certificate;
  facts: CertificateBaseline;
  /** An owner of its Secret that is a Certificate but not this one: the garbage collector will delete the Secret. */
  strangeOwner?: string;
}

/** Baseline and cluster side by side. */
export interface Comparison {
  before: CertificateBaseline;
  /** undefined: the Certificate does not exist. */
  after: CertificateBaseline | undefined;
  /** The Certificate is the very object of the backup, not one made again under its name. */
  sameObject: boolean;
  /** It is being deleted. */
  deleting: boolean;
  specChanged: boolean;
  /** Requests owned by the Certificate that the baseline does not know. */
  newRequests: RequestFacts[];
  /** Keys for a next certificate that the baseline does not know. */
  newKeySecrets: string[];
  /** The condition, where it is True. */
  issuing: Condition | undefined;
  ready: Condition | undefined;
  /** The readiness controller has looked at this generation. */
  readyObserved: boolean;
  strangeOwner: string | undefined;
  /** The same for the report. */
  evidence: Evidence;
  /** `requests`: the leaf is that of the current CertificateRequest, and no key was compared. */
  baseline: 'secrets' | 'requests';
}

const NOT_COMPARED = 'not compared';

/** Compares; pure. What the facts mean is decided in verdict.ts. */
export function compare(
  before: CertificateBaseline,
  observed: Observed | undefined,
  baseline: 'secrets' | 'requests' = 'secrets',
): Comparison {
  if (observed === undefined) {
    return {
      before,
      after: undefined,
      sameObject: false,
      deleting: false,
      specChanged: false,
      newRequests: [],
      newKeySecrets: [],
      issuing: undefined,
      ready: undefined,
      readyObserved: false,
      strangeOwner: undefined,
      evidence: { exists: { before: true, after: false } },
      baseline,
    };
  }
  const { certificate, facts: after } = observed;
  // A request's name is used again (<name>-<revision>), its uid never.
  const known = new Set(before.requests.map((request) => request.uid));
  const newRequests = after.requests.filter((request) => !known.has(request.uid));
  const knownKeys = new Set(before.nextPrivateKeySecrets);
  const newKeySecrets = after.nextPrivateKeySecrets.filter((name) => !knownKeys.has(name));
  const issuing = condition(after.conditions, 'Issuing');
  const ready = condition(after.conditions, 'Ready');
  return {
    before,
    after,
    sameObject: before.uid !== '' && before.uid === after.uid,
    deleting: certificate.metadata.deletionTimestamp !== undefined,
    specChanged: before.specSha256 !== after.specSha256,
    newRequests,
    newKeySecrets,
    issuing: issuing?.status === 'True' ? issuing : undefined,
    ready,
    readyObserved: ready !== undefined && ready.observedGeneration === certificate.metadata.generation,
    strangeOwner: observed.strangeOwner,
    evidence: {
      ...evidenceOf(before, after, newRequests.length),
      ...(baseline === 'requests' ? { keySha256: { before: NOT_COMPARED, after: NOT_COMPARED } } : {}),
    },
    baseline,
  };
}

function evidenceOf(before: CertificateBaseline, after: CertificateBaseline, newRequests: number): Evidence {
  const fact = (of: (b: CertificateBaseline) => EvidenceFact['before'] | undefined): EvidenceFact => ({
    before: of(before) ?? null,
    after: of(after) ?? null,
  });
  const status = (type: string) => (b: CertificateBaseline) => condition(b.conditions, type)?.status;
  return {
    uid: fact((b) => b.uid),
    leafSha256: fact((b) => b.leaf?.sha256),
    serial: fact((b) => b.leaf?.serial),
    publicKeySha256: fact((b) => b.leaf?.publicKeySha256),
    keySha256: fact((b) => b.keySha256),
    notBefore: fact((b) => b.leaf?.notBefore),
    notAfter: fact((b) => b.leaf?.notAfter),
    revision: fact((b) => b.revision),
    issuing: fact(status('Issuing')),
    ready: fact(status('Ready')),
    lastFailureTime: fact((b) => b.lastFailureTime),
    failedIssuanceAttempts: fact((b) => b.failedIssuanceAttempts),
    newRequests: { before: 0, after: newRequests },
    nextPrivateKeySecrets: fact((b) => b.nextPrivateKeySecrets.length),
    specSha256: fact((b) => b.specSha256),
  };
}
