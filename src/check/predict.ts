import { FILE } from '../archive/stages.ts';
import { type Certificate, type CertificateStatus, condition, objectName, type Secret } from '../model/objects.ts';
import { CertkeepError, type Problem } from '../model/problems.ts';
import type { CertificateReport } from '../model/report.ts';
import { rfc3339 } from '../model/time.ts';
import { type Decision, decide } from '../reissue/decide.ts';
import { predictionReport } from '../reissue/report.ts';
import { NEWEST_KNOWN } from '../reissue/versions.ts';
import { baselineOf, leafSecretName, type Subject, some } from './subject.ts';

/** cert-manager's reason for a renewal whose time has come (internal/controller/certificates/policies/constants.go). */
const RENEWING = 'Renewing';

/** What would become of the Certificates after a restore of this backup, and what follows from that. */
export interface Forecast {
  certificates: CertificateReport[];
  problems: Problem[];
}

interface Foreseen {
  certificate: Certificate;
  /** Undefined where it cannot be foreseen: the Secret is sealed, or was not captured. */
  decision: Decision | undefined;
  report: CertificateReport;
}

/**
 * Asks cert-manager's own rules about each Certificate as things will stand after a restore: the Secret as it is written,
 * no CertificateRequests, and of the status only what a restore puts back. Those that an Ingress, Gateway or
 * ListenerSet makes are judged as they were made at the source.
 *
 * Secrets are given one by one, and none is kept.
 */
export class Forecaster {
  readonly #subject: Subject;
  readonly #restored: readonly Certificate[];
  readonly #bySecret: ReadonlyMap<string, Certificate[]>;
  readonly #decisions = new Map<Certificate, Decision>();
  #unknownVersion: CertkeepError | undefined;

  constructor(subject: Subject) {
    this.#subject = subject;
    this.#restored = subject.certificates.map((certificate, i) => restored(subject, certificate, i));
    this.#bySecret = Map.groupBy(this.#restored, leafSecretName);
  }

  /** Decides for the Certificates that name this Secret. */
  decide(secret: Secret): void {
    for (const certificate of this.#bySecret.get(objectName(secret)) ?? []) this.#decide(certificate, secret);
  }

  /** What has been foreseen; Certificates whose Secret was not given have none. */
  forecast(): Forecast {
    const subject = this.#subject;
    if (canDecide(subject)) {
      for (const certificate of this.#restored) {
        if (!this.#decisions.has(certificate)) this.#decide(certificate, undefined);
      }
    }
    const foreseen = this.#restored.map((certificate) => {
      const decision = this.#decisions.get(certificate);
      return { certificate, decision, report: reportOf(certificate, decision) };
    });
    const certificates = foreseen.map((f) => f.report).sort(byName);
    if (this.#unknownVersion !== undefined) return { certificates, problems: [this.#unknownVersion.toProblem()] };
    return {
      certificates,
      problems: [
        ...versionProblems(subject),
        ...reissueProblems(subject, foreseen),
        ...renewalProblems(subject, foreseen),
      ],
    };
  }

  #decide(certificate: Certificate, secret: Secret | undefined): void {
    if (this.#unknownVersion !== undefined || !canDecide(this.#subject)) return;
    const siblings = this.#bySecret.get(leafSecretName(certificate)) ?? [certificate];
    const { now } = this.#subject;
    try {
      const input = { certificate, secret, requests: [], siblings };
      this.#decisions.set(certificate, decide(input, { now, version: versionOf(this.#subject) }));
    } catch (error) {
      // A cert-manager whose rules certkeep does not know.
      if (!(error instanceof CertkeepError)) throw error;
      this.#unknownVersion = error;
    }
  }
}

function canDecide(subject: Subject): boolean {
  return subject.backup.manifest.secrets === 'all' && subject.readable(FILE.secrets);
}

function versionOf(subject: Subject): string {
  const version = subject.backup.manifest.certManager.version.replace(/^v/, '');
  return version === '' ? NEWEST_KNOWN : version;
}

/** The Certificate as it will be: a new uid, made in the order of the backup, with the status that a restore puts back. */
function restored(subject: Subject, certificate: Certificate, position: number): Certificate {
  const created = rfc3339(new Date(subject.now.getTime() + position * 1000));
  const { apiVersion, kind } = certificate;
  const { namespace, name } = certificate.metadata;
  const isDerived = position >= subject.backup.contents.certificates.length;
  const status = isDerived ? undefined : subject.statuses.get(`${apiVersion} ${kind}/${namespace}/${name}`);
  return {
    ...certificate,
    metadata: {
      ...certificate.metadata,
      uid: `restored-${namespace}/${name}`,
      creationTimestamp: created,
      generation: 1,
    },
    status: restoredStatus(status),
  };
}

/** Revision and back-off; never a running issuance, and nothing that cert-manager computes from the Secret. */
function restoredStatus(status: CertificateStatus | undefined): CertificateStatus {
  const { revision, lastFailureTime, failedIssuanceAttempts, conditions } = status ?? {};
  const issuing = condition(Array.isArray(conditions) ? conditions : [], 'Issuing');
  return {
    ...(typeof revision === 'number' ? { revision } : {}),
    ...(typeof lastFailureTime === 'string' ? { lastFailureTime } : {}),
    ...(typeof failedIssuanceAttempts === 'number' ? { failedIssuanceAttempts } : {}),
    ...(issuing?.status === 'False' ? { conditions: [issuing] } : {}),
  };
}

function reportOf(certificate: Certificate, decision: Decision | undefined): CertificateReport {
  if (decision !== undefined) return predictionReport(certificate, decision);
  const { namespace = '', name } = certificate.metadata;
  return { namespace, name };
}

function byName(a: CertificateReport, b: CertificateReport): number {
  const [left, right] = [`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`];
  return left < right ? -1 : left > right ? 1 : 0;
}

function versionProblems(subject: Subject): Problem[] {
  if (subject.backup.manifest.certManager.version !== '' || subject.certificates.length === 0) return [];
  return [
    {
      severity: 'note',
      code: 'undecidable',
      message: `The backup does not name the version of cert-manager; its Certificates were judged by the rules of ${NEWEST_KNOWN}.`,
      fix: '`certkeep plan` asks the target cluster for its version.',
    },
  ];
}

function reissueProblems(subject: Subject, foreseen: readonly Foreseen[]): Problem[] {
  return foreseen.flatMap(({ certificate, decision }) => {
    if (decision === undefined || decision.outcome === 'keep' || isRenewal(decision)) return [];
    const object = objectName(certificate);
    if (decision.outcome === 'undecidable') {
      return [
        {
          severity: 'warning',
          code: 'undecidable',
          message: `Whether ${object} would be reissued after a restore cannot be foreseen: ${decision.message}`,
          fix: 'Watch this Certificate after a restore: `certkeep verify` tells.',
          object,
        } satisfies Problem,
      ];
    }
    return [wouldBeReissued(object, decision, wasUnissued(subject, certificate))];
  });
}

function wouldBeReissued(object: string, decision: Decision, unissued: boolean): Problem {
  const words = `${decision.reason}: ${decision.message}`;
  if (unissued) {
    return {
      severity: 'warning',
      code: 'certificate-in-issuance',
      message: `${object} had no issued certificate when the backup was made; after a restore cert-manager will issue one (${words}).`,
      fix: 'Back up again once the Certificate is Ready.',
      object,
    };
  }
  return {
    severity: 'error',
    code: 'would-be-reissued',
    message: `After a restore cert-manager would reissue ${object} (${words}).`,
    fix: 'Make Secret and Certificate fit at the source and back up again, or accept the reissue of this one.',
    object,
  };
}

/** Never issued, or in issuance: the source was about to issue it as well. */
function wasUnissued(subject: Subject, certificate: Certificate): boolean {
  const baseline = baselineOf(subject, certificate);
  if (baseline === undefined) return false;
  return (
    baseline.leafAbsent === 'missing' ||
    baseline.leafAbsent === 'unreadable' ||
    baseline.conditions.some((c) => c.type === 'Issuing' && c.status === 'True')
  );
}

function isRenewal(decision: Decision): boolean {
  return decision.outcome === 'reissue' && decision.reason === RENEWING;
}

/** Ordinary renewals and expiries, as three lines at most: each Certificate's own time is in the list of Certificates. */
function renewalProblems(subject: Subject, foreseen: readonly Foreseen[]): Problem[] {
  const now = subject.now.getTime();
  const end = now + subject.horizonMs;
  const due: string[] = [];
  const soon: string[] = [];
  const expiring: string[] = [];
  let expired = 0;
  for (const { certificate, decision } of foreseen) {
    const baseline = baselineOf(subject, certificate);
    const at = time(decision === undefined ? baseline?.renewalTime : decision.at);
    const notAfter = time(baseline?.leaf?.notAfter);
    const name = objectName(certificate);
    const isDue = decision === undefined ? at !== undefined && at <= now : isRenewal(decision);
    if (isDue || (notAfter !== undefined && notAfter <= now)) due.push(name);
    else if (at !== undefined && at <= end) soon.push(name);
    else if (at === undefined && notAfter !== undefined && notAfter <= end) expiring.push(name);
    if (notAfter !== undefined && notAfter <= now) expired += 1;
  }
  const until = new Date(end).toISOString().slice(0, 10);
  return [
    ...renewals(
      'warning',
      due,
      `due for renewal${expired > 0 ? `, ${expired} of them expired` : ''}: cert-manager renews as soon as it sees them`,
      'This is an ordinary renewal, and no fault of the backup; a newer backup has newer certificates.',
    ),
    ...renewals('note', soon, `going to renew before ${until}`, 'Nothing to do; back up again afterwards.'),
    ...renewals(
      'warning',
      expiring,
      `going to expire before ${until} without renewing by themselves`,
      'Renew them and back up again.',
    ),
  ];
}

function renewals(severity: 'warning' | 'note', names: readonly string[], what: string, fix: string): Problem[] {
  if (names.length === 0) return [];
  const count = names.length === 1 ? 'One Certificate is' : `${names.length} Certificates are`;
  return [{ severity, code: 'renewal-due', message: `${count} ${what} (${some(names)}).`, fix }];
}

function time(rfc3339: string | null | undefined): number | undefined {
  const value = Date.parse(rfc3339 ?? '');
  return Number.isNaN(value) ? undefined : value;
}
