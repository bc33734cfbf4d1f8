import { type Certificate, condition, objectName } from '../../model/objects.ts';
import { CertkeepError, type Problem } from '../../model/problems.ts';
import type { CertificateReport } from '../../model/report.ts';
import { rfc3339 } from '../../model/time.ts';
import { type Decision, decide } from '../../reissue/decide.ts';
import { predictionReport } from '../../reissue/report.ts';
import { NEWEST_KNOWN } from '../../reissue/versions.ts';
import { leafSecretName } from '../subject.ts';
import type { Foreign } from './foreign.ts';

const RENEWING = 'Renewing';

export interface Foreseen {
  certificates: CertificateReport[];
  problems: Problem[];
}

/**
 * What cert-manager would do with each Certificate once the backup is restored as it is: objects as `kubectl apply` and
 * Velero create them, with a new uid, without status and without CertificateRequests of their own.
 */
export function reissues(foreign: Foreign): Foreseen {
  const created = foreign.certificates.map(({ object, position }) => ({
    source: object,
    restored: asCreated(foreign, object, position),
  }));
  const siblings = Map.groupBy(
    created.map(({ restored }) => restored),
    leafSecretName,
  );
  const version = foreign.certManager.version.replace(/^v/, '') || NEWEST_KNOWN;
  try {
    const judged = created.map(({ source, restored }) => {
      const secret = leafSecretName(restored);
      const decision = decide(
        {
          certificate: restored,
          secret: foreign.secrets.get(secret)?.object,
          requests: [],
          siblings: siblings.get(secret) ?? [restored],
        },
        { now: foreign.now, version },
      );
      return { source, decision };
    });
    return {
      certificates: judged.map(({ source, decision }) => predictionReport(source, decision)).sort(byName),
      problems: judged.flatMap(({ source, decision }) => problemsOf(source, decision)),
    };
  } catch (error) {
    // A cert-manager whose rules certkeep does not know.
    if (!(error instanceof CertkeepError)) throw error;
    return { certificates: [], problems: [error.toProblem()] };
  }
}

function asCreated(foreign: Foreign, certificate: Certificate, position: number): Certificate {
  const { namespace, name, labels, annotations } = certificate.metadata;
  const at = rfc3339(new Date(foreign.now.getTime() + position * 1000));
  return {
    ...certificate,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      uid: `restored-${namespace}/${name}`,
      creationTimestamp: at,
      generation: 1,
    },
    status: {},
  };
}

function problemsOf(certificate: Certificate, decision: Decision): Problem[] {
  const object = objectName(certificate);
  if (decision.outcome === 'keep') return [];
  if (decision.outcome === 'undecidable') {
    return [
      {
        severity: 'warning',
        code: 'undecidable',
        message: `Whether it would be reissued after a restore cannot be foreseen: ${decision.message}`,
        fix: 'Watch this Certificate after a restore.',
        object,
      },
    ];
  }
  const words = `${decision.reason}: ${decision.message}`;
  if (decision.reason === RENEWING) {
    return [
      {
        severity: 'warning',
        code: 'renewal-due',
        message: `cert-manager renews it as soon as it sees it (${words}).`,
        fix: 'This is an ordinary renewal, and no fault of the backup; a newer backup has newer certificates.',
        object,
      },
    ];
  }
  if (wasUnissued(certificate)) {
    return [
      {
        severity: 'warning',
        code: 'certificate-in-issuance',
        message: `It had no issued certificate when the backup was made; after a restore cert-manager will issue one (${words}).`,
        fix: 'Export again once the Certificate is Ready.',
        object,
      },
    ];
  }
  return [
    {
      severity: 'error',
      code: 'would-be-reissued',
      message: `Restored as it is, cert-manager reissues it (${words}).`,
      fix: 'Restore its Secret with its annotations and labels before the Certificate, or accept the reissue of this one.',
      object,
    },
  ];
}

/** The export shows that nothing had been issued. Without a status it shows nothing. */
function wasUnissued(certificate: Certificate): boolean {
  const { status } = certificate;
  if (status === undefined || status.revision !== undefined) return false;
  const ready = condition(status.conditions, 'Ready');
  return ready !== undefined && ready.status !== 'True';
}

function byName(a: CertificateReport, b: CertificateReport): number {
  const [left, right] = [`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`];
  return left < right ? -1 : left > right ? 1 : 0;
}
