import { leafFacts } from '../archive/x509.ts';
import type { BackupContents } from '../model/backup.ts';
import { type Certificate, objectName, refName, type Secret } from '../model/objects.ts';
import type { Problem } from '../model/problems.ts';
import type { PlannedObject } from './actions.ts';
import { LISTED, rest } from './findings.ts';

/**
 * Certificates whose live Secret is kept and holds another leaf than the backup's, so that `verify` is going to call them
 * reissued although nothing happens to them. Not those that an ordinary renewal accounts for.
 */
export function keptLeaves(planned: readonly PlannedObject[], contents: BackupContents): Certificate[] {
  const keptSecrets = new Map(
    planned
      .filter((item) => item.object.kind === 'Secret' && item.action === 'keep')
      .map((item) => [objectName(item.object), item]),
  );
  if (keptSecrets.size === 0) return [];
  const baselines = new Map(
    contents.index.map((entry) => [refName(entry.kind, entry.namespace, entry.name), entry.baseline]),
  );
  return ([...contents.certificates, ...contents.derived] as Certificate[]).filter((certificate) => {
    const item = keptSecrets.get(refName('Secret', certificate.metadata.namespace, certificate.spec.secretName));
    if (item === undefined) return false;
    const now = leafOf(item.live as Secret);
    if (now === undefined || now.sha256 === leafOf(item.object as Secret)?.sha256) return false;
    const due = Date.parse(baselines.get(objectName(certificate))?.renewalTime ?? '');
    return !(Date.parse(now.notBefore) >= due);
  });
}

/** Warnings of a plan about them. */
export function keptLeafProblems(planned: readonly PlannedObject[], contents: BackupContents): Problem[] {
  const kept = keptLeaves(planned, contents);
  const problems = kept.slice(0, LISTED).map((certificate): Problem => {
    const object = objectName(certificate);
    const secret = refName('Secret', certificate.metadata.namespace, certificate.spec.secretName);
    return {
      severity: 'warning',
      code: 'conflict',
      message: `The live ${secret} holds another certificate than the backup’s and is kept: verify will call ${object} reissued (exit 3).`,
      fix: 'To have the backup’s certificate again, delete that Secret before the restore. Where the live one is the right one, make a new backup.',
      object,
    };
  });
  return [
    ...problems,
    ...rest(kept.length, 'warning', 'conflict', 'Certificates have another live leaf, which is kept'),
  ];
}

function leafOf(secret: Secret) {
  return leafFacts(secret.data?.['tls.crt']);
}
