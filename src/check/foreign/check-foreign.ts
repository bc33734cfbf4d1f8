import { EXIT, exitCodeOf, type Problem } from '../../model/problems.ts';
import type { Report } from '../../model/report.ts';
import { distinct } from '../distinct.ts';
import type { Collected } from './collect.ts';
import { findings } from './findings.ts';
import type { Foreign } from './foreign.ts';
import { reissues } from './reissues.ts';
import { objectsOf } from './velero/manifests.ts';
import { veleroServer } from './velero/server.ts';

/** The report on somebody else's backup: all findings in one, and what restoring it as it is would reissue. */
export function judgeForeign({ foreign, problems }: Collected, toolVersion: string): Report {
  const foreseen = reissues(foreign);
  const all = distinct([...problems, ...nothingFound(foreign), ...findings(foreign), ...foreseen.problems]);
  const exitCode = exitCodeOf(all);
  return {
    command: 'check',
    certkeep: toolVersion,
    exitCode,
    cluster: '',
    certManager: foreign.certManager.version,
    verdict: exitCode === EXIT.ok ? 'sound' : 'unsound',
    certificates: foreseen.certificates,
    problems: all,
  };
}

function nothingFound(foreign: Foreign): Problem[] {
  // It may be in what could not be read.
  if (!foreign.complete) return [];
  const isEmpty = foreign.items.every(({ object }) =>
    ['Secret', 'Namespace', 'Deployment', 'Ingress', 'Gateway'].includes(object.kind),
  );
  if (
    !isEmpty ||
    veleroServer(foreign).deployment !== undefined ||
    objectsOf(foreign, 'Backup', 'Schedule', 'Restore').length > 0
  )
    return [];
  return [
    {
      severity: 'error',
      code: 'nothing-found',
      message: 'There is neither an object of cert-manager nor a Backup, Schedule or Restore of Velero in it.',
      fix: 'Give what `kubectl get issuers,clusterissuers,certificates,secrets -A -o yaml` prints, a Velero tarball, or Velero’s manifests.',
    },
  ];
}
