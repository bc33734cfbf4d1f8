import type { CertManagerInfo } from '../cluster/certmanager.ts';
import { type Certificate, condition } from '../model/objects.ts';
import type { Problem } from '../model/problems.ts';
import type { Barrier } from '../model/report.ts';
import { Canary, type CanaryOptions, removeLeftovers } from './canary.ts';
import { awaitLife } from './controller.ts';
import { readCertificates } from './read.ts';
import type { VerifyRequest } from './request.ts';
import { Deadline, explainWait, waitFor } from './wait.ts';

export interface BarrierResult {
  barrier: Barrier;
  problems: Problem[];
  /** As it is after the waiting. */
  info: CertManagerInfo;
}

/** A controller that is held to 20 requests a second needs 50 ms a Certificate; two minutes cover a restart. */
const BASE_LIMIT_MS = 120_000;
const LIMIT_PER_CERTIFICATE_MS = 50;
const CANARY_BASE_MS = 60_000;
const EVERY_MS = 250;

/**
 * Waits until cert-manager has surely looked at every Certificate in `expected` (`namespace/name`):
 *
 * 1. Its controller is alive: Deployment, lease, version.
 * 2. A first canary has its CertificateRequest: the controller works, and its trigger has passed what it knew before.
 * 3. Every Certificate has a Ready condition of its own generation: the readiness controller has been through.
 * 4. A second canary, created after that sign of life, has its request: a Certificate whose decision was put off by a
 *    conflict in between is decided on too.
 *
 * Only what is read after this is evidence. Never the canary's Issuing condition, which comes before its turn is over,
 * and never a metric. Canaries are removed in every case, an abort included.
 */
export async function awaitBarrier(
  request: VerifyRequest,
  info: CertManagerInfo,
  namespaces: readonly string[],
  expected: ReadonlySet<string>,
): Promise<BarrierResult> {
  const deadline = new Deadline(request.timeoutMs ?? BASE_LIMIT_MS + expected.size * LIMIT_PER_CERTIFICATE_MS);
  const everyMs = request.pollMs ?? EVERY_MS;
  const { cluster, clock, progress, signal } = request;
  progress.info('Waiting until cert-manager has looked at every Certificate.');
  const life = await awaitLife({
    cluster,
    info,
    certManagerNamespace: request.certManagerNamespace,
    mustMove: !request.canary,
    clock,
    deadline,
    everyMs: everyMs * 4,
    signal,
  }).catch((error: unknown) => {
    throw explainWait(error, 'look at cert-manager’s controller', signal);
  });
  const problems = [...life.problems];
  const done = (barrier: Barrier): BarrierResult => ({ barrier, problems, info: life.info });
  if (hasError(problems)) return done('failed');

  const canaries: Canary[] = [];
  const canaryOptions: CanaryOptions = {
    cluster,
    namespace: request.canaryNamespace ?? (life.info.watchedNamespace || life.info.namespace),
    everyMs,
    signal,
  };
  const passCanary = async (): Promise<boolean> => {
    const canary = await Canary.create(canaryOptions);
    if (!(canary instanceof Canary)) {
      problems.push(canary);
      return false;
    }
    canaries.push(canary);
    const limit = deadline.within(CANARY_BASE_MS + expected.size * LIMIT_PER_CERTIFICATE_MS);
    progress.debug(`canary ${canaryOptions.namespace}/${canary.name} created`);
    if (await canary.seen(limit)) return true;
    problems.push(notSeen(canaryOptions.namespace, canary.name));
    return false;
  };
  const rounds = async (): Promise<boolean> => {
    if (request.canary) {
      problems.push(...(await removeLeftovers(canaryOptions, clock)));
      if (!(await passCanary())) return false;
    }
    const unseen = await awaitReadiness(request, namespaces, expected, deadline, everyMs);
    if (unseen.length > 0) {
      problems.push(notLookedAt(unseen));
      return false;
    }
    return !request.canary || (await passCanary());
  };
  let passed: boolean;
  try {
    passed = await rounds();
  } catch (error) {
    throw explainWait(error, 'wait for cert-manager', signal);
  } finally {
    const rests = await Promise.all(canaries.map((canary) => canary.remove()));
    problems.push(...rests.filter((rest) => rest !== undefined));
  }
  if (!passed) return done('failed');
  return done(request.canary ? 'passed' : 'waived');
}

/** The expected Certificates that exist but have no Ready condition of their generation by the deadline. */
async function awaitReadiness(
  request: VerifyRequest,
  namespaces: readonly string[],
  expected: ReadonlySet<string>,
  deadline: Deadline,
  everyMs: number,
): Promise<string[]> {
  let unseen: string[] = [];
  await waitFor(
    async () => {
      const live = await readCertificates(request.cluster, namespaces);
      unseen = [...expected].filter((name) => {
        const certificate = live.get(name);
        return certificate !== undefined && !isObserved(certificate);
      });
      request.progress.step('Certificates looked at by cert-manager', expected.size - unseen.length, expected.size);
      return unseen.length === 0 ? true : undefined;
    },
    { deadline, everyMs: everyMs * 2, signal: request.signal },
  );
  return unseen;
}

function isObserved(certificate: Certificate): boolean {
  const ready = condition(certificate.status?.conditions, 'Ready');
  return ready !== undefined && ready.observedGeneration === certificate.metadata.generation;
}

function hasError(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error');
}

function notSeen(namespace: string, name: string): Problem {
  return {
    severity: 'error',
    code: 'controller-not-seen',
    message: `cert-manager made no CertificateRequest for the canary ${namespace}/${name} in time: its controller holds the lease but does not work, is very busy, does not look at that namespace, or may not write there.`,
    fix: 'Look at its log (kubectl logs -l app.kubernetes.io/component=controller -A), then verify again, with a longer --timeout where it is only busy.',
  };
}

const SHOWN = 5;

function notLookedAt(unseen: readonly string[]): Problem {
  const more = unseen.length > SHOWN ? ` and ${unseen.length - SHOWN} more` : '';
  return {
    severity: 'error',
    code: 'controller-not-seen',
    message: `cert-manager has not looked at ${unseen.length} of the Certificates in time: ${unseen.slice(0, SHOWN).join(', ')}${more} (no Ready condition of their present generation).`,
    fix: 'Verify again later, or with a longer --timeout; the controller’s log says what holds it up.',
  };
}
