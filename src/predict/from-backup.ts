import { objectKey } from '../archive/order.ts';
import { type OpenedBackup, readBackup } from '../archive/read.ts';
import { backupSummary } from '../archive/summary.ts';
import type { CertificateBaseline } from '../model/backup.ts';
import type {
  Certificate,
  CertificateRequest,
  CertificateStatus,
  Issuer,
  KubeObject,
  Secret,
} from '../model/objects.ts';
import { CertkeepError } from '../model/problems.ts';
import { factsOfInstallation } from './installation.ts';
import type { FileSource } from './request.ts';
import { emptyState, type PredictState } from './state.ts';

/**
 * The state of the source cluster as a backup keeps it: what cert-manager would have decided there. (What it would decide
 * after a restore is what `plan` and `check` say.)
 * @throws CertkeepError as `readBackup`; cannot-decrypt where a part stays sealed.
 */
export async function fromBackup(path: string, source: FileSource): Promise<PredictState> {
  const backup = await readBackup({
    path,
    identities: source.identities,
    ...(source.expectRoot === undefined ? {} : { expectRoot: source.expectRoot }),
  });
  if (backup.sealed.length > 0) {
    throw new CertkeepError(
      'cannot-decrypt',
      `The backup is encrypted (${backup.sealed.join(', ')}), and without the Secrets nothing can be predicted.`,
      'Give --identity-file with the age identity (or the variable CERTKEEP_IDENTITY).',
    );
  }
  const { contents, manifest } = backup;
  const facts = factsOf(backup);
  return {
    ...emptyState(`the backup ${path}`),
    cluster: manifest.cluster.uid,
    version: manifest.certManager.version,
    certificates: [...contents.certificates, ...contents.derived].map((c) => asItWas(c, facts)),
    secrets: contents.secrets as Secret[],
    requests: contents.requests as CertificateRequest[],
    issuers: contents.issuers as Issuer[],
    noSecrets: manifest.secrets === 'all' ? '' : "the backup holds no Certificates' Secrets",
    backup: backupSummary(backup),
    facts: factsOfInstallation(manifest.certManager),
  };
}

type Facts = ReadonlyMap<string, { uid: string; baseline: CertificateBaseline | undefined; status: CertificateStatus }>;

function factsOf({ contents }: OpenedBackup): Facts {
  const statuses = new Map(contents.status.map((record) => [objectKey(record), record.status]));
  return new Map(
    contents.index.map((entry) => [
      objectKey(entry),
      { uid: entry.uid, baseline: entry.baseline, status: statuses.get(objectKey(entry)) ?? {} },
    ]),
  );
}

/** The Certificate with its uid and status, which a backup keeps apart. */
function asItWas(object: KubeObject, facts: Facts): Certificate {
  const { namespace, name } = object.metadata;
  const found = facts.get(
    objectKey({
      apiVersion: object.apiVersion,
      kind: object.kind,
      name,
      ...(namespace === undefined ? {} : { namespace }),
    }),
  );
  if (found === undefined) return object as Certificate;
  const { uid, baseline, status } = found;
  return {
    ...object,
    metadata: { ...object.metadata, uid },
    status: {
      ...status,
      ...(baseline === undefined ? {} : { conditions: baseline.conditions }),
      ...(typeof baseline?.revision === 'number' ? { revision: baseline.revision } : {}),
      ...(typeof baseline?.renewalTime === 'string' ? { renewalTime: baseline.renewalTime } : {}),
      ...(typeof baseline?.lastFailureTime === 'string' ? { lastFailureTime: baseline.lastFailureTime } : {}),
      ...(typeof baseline?.failedIssuanceAttempts === 'number'
        ? { failedIssuanceAttempts: baseline.failedIssuanceAttempts }
        : {}),
    },
  } as Certificate;
}
