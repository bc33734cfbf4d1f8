import type { Certificate, CertificateStatus, KubeObject, Secret } from '../model/objects.ts';
import type { CertificateReport } from '../model/report.ts';
import { rfc3339 } from '../model/time.ts';
import { type Decision, decide } from '../reissue/decide.ts';
import type { ReissueInput } from '../reissue/input.ts';
import { predictionReport } from '../reissue/report.ts';
import { reissueInputs } from '../reissue/state.ts';
import type { PlannedObject } from './actions.ts';
import { keyOf, secretKey } from './kinds.ts';
import type { LiveState } from './live.ts';

export interface PredictInput {
  planned: readonly PlannedObject[];
  live: LiveState;
  /** Version of the cert-manager on the target, without the v; '' where nobody knows it: then nothing is decided. */
  version: string;
  now: Date;
}

/** One Certificate of the backup, and what cert-manager would decide about it after the restore. */
export interface PredictedCertificate {
  certificate: Certificate;
  decision: Decision;
  /** False: it will be there without its Secret, so an issuance would be its first and replace nothing. */
  hasSecret: boolean;
  report: CertificateReport;
}

/** A uid that no API server gives: it owns no CertificateRequest, exactly like the new uid that a restore gets. */
const FUTURE_UID = 'not-yet-created';

const UNKNOWN_VERSION: Decision = {
  outcome: 'undecidable',
  policy: '',
  reason: '',
  message: 'the version of cert-manager is not known',
  at: null,
};

/**
 * Asks cert-manager's own rules about every Certificate of the backup as things will stand after the restore: the
 * Secret as it will be; a created Certificate without CertificateRequests and with its restored status, a live one
 * with its live requests and status; live neighbours that share the Secret included. Derived Certificates are judged
 * as their maker made them at the source.
 */
export function predictAll(input: PredictInput): PredictedCertificate[] {
  const certificates = certificatesAfterwards(input);
  const inputs = new Map(
    reissueInputs(
      [...certificates.values()],
      [...secretsAfterwards(input).values()],
      [...input.live.requests.values()].flat(),
    ).map((one) => [keyOf(one.certificate), one]),
  );
  return input.planned
    .filter((item) => item.object.kind === 'Certificate')
    .map((item) => {
      const one = inputs.get(keyOf(item.object)) as ReissueInput;
      const { certificate, secret } = one;
      const decision = input.version === '' ? UNKNOWN_VERSION : decide(one, { now: input.now, version: input.version });
      return {
        certificate,
        decision,
        hasSecret: secret !== undefined,
        report: predictionReport(certificate, decision),
      };
    });
}

/** Secrets by `namespace/name` as they will be: live ones stay what they are, missing ones come from the backup. */
function secretsAfterwards({ planned, live }: PredictInput): Map<string, Secret> {
  const secrets = new Map<string, Secret>();
  const put = (object: KubeObject) =>
    secrets.set(secretKey(object.metadata.namespace, object.metadata.name), object as Secret);
  for (const object of live.objects.values()) if (object.kind === 'Secret') put(object);
  for (const item of planned) if (item.object.kind === 'Secret' && item.action === 'create') put(item.object);
  return secrets;
}

/** Certificates by key as they will be: all live ones, and those that the restore or their maker will create. */
function certificatesAfterwards({ planned, live, now }: PredictInput): Map<string, Certificate> {
  const certificates = new Map<string, Certificate>();
  for (const certificate of [...live.certificates.values()].flat()) certificates.set(keyOf(certificate), certificate);
  for (const item of planned) {
    if (item.object.kind !== 'Certificate') continue;
    const key = keyOf(item.object);
    const existing = certificates.get(key);
    certificates.set(key, existing === undefined ? created(item, now) : completed(existing, item));
  }
  return certificates;
}

/** A Certificate that does not exist yet, with the uid, age and status that it will have. */
function created(item: PlannedObject, now: Date): Certificate {
  return {
    ...item.object,
    metadata: {
      ...item.object.metadata,
      uid: `${FUTURE_UID}-${keyOf(item.object)}`,
      creationTimestamp: rfc3339(new Date(now.getTime() + item.rank * 1000)),
      generation: 1,
    },
    status: item.status ?? {},
  } as Certificate;
}

/** A live Certificate; where an interrupted run left out its status, with the status that will be written. */
function completed(live: Certificate, item: PlannedObject): Certificate {
  if (!item.completesStatus) return live;
  return { ...live, status: { ...live.status, ...(item.status as CertificateStatus) } };
}
