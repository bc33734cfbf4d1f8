import type { CertManagerInfo } from '../../cluster/certmanager.ts';
import { ApiError, type Cluster } from '../../cluster/client.ts';
import { explainApiError } from '../../cluster/errors.ts';
import { formatDuration } from '../../model/duration.ts';
import { CertkeepError, type Problem } from '../../model/problems.ts';
import type { Clock, Progress } from '../../model/progress.ts';
import { explainLock, type RestoreLock, takeLock } from './lock.ts';
import { awaitStopped, readScale, type Target, writeScale } from './scale.ts';
import { startController } from './start.ts';

export interface PauseOptions {
  cluster: Cluster;
  info: CertManagerInfo;
  /** `never` takes the lock and leaves the controller alone. */
  mode: 'auto' | 'never';
  /** Is there anything to write that the controller decides by? Without it nothing is paused. */
  needed: boolean;
  /** Rights that are known to be missing, in words. */
  refused: { lock: readonly string[]; scale: readonly string[]; fix: string };
  /** An attended pause ends after so long, in milliseconds, whatever is left to write. */
  maxPauseMs: number;
  signal: AbortSignal | undefined;
  clock: Clock;
  progress: Progress;
  /** Told the holder's word as soon as the lock is taken, so that a run that is killed can be ended by another. */
  onHold?: (holder: string) => void;
  /** How long a lock that seems to be left over is watched, in milliseconds. */
  doubtMs?: number;
}

/** A restore's hold on the cluster. `end` must be called, whatever happens. */
export interface Pause {
  /** True: no controller of cert-manager works while this lasts. */
  readonly stopped: boolean;
  /** Aborted by the caller's signal, when the pause has lasted too long, and when another restore took the lock. */
  readonly signal: AbortSignal;
  /** What there is to say of it, for the report. */
  readonly problems: readonly Problem[];
  /** Starts the controller again, waits for the API server where it cannot be reached, and gives up the lock. */
  end(): Promise<Problem[]>;
}

/** How often the holder shows life and looks after its pause. The Lease lasts 30 s. */
const BEAT_MS = 8_000;

/**
 * Takes the lock against a second restore and, where it matters, scales cert-manager's controller to 0 and waits until it
 * has really stopped. What it was is written down first, so that `certkeep resume` can start it after a crash.
 *
 * Rights that are missing are no error: the order of the writes is safe with a running controller too; it is said.
 *
 * @throws CertkeepError restore-running (7), controller-not-stopped (8), interrupted, unreachable (9)
 */
export async function beginPause(options: PauseOptions): Promise<Pause> {
  const { cluster, info, clock, progress } = options;
  // With nothing to write and nothing left over there is nothing to hold.
  if (!options.needed && info.deployment?.replicas !== 0) return new Hold(options, undefined, []);
  const namespace = info.deployment?.namespace ?? info.namespace;
  const problems: Problem[] = [];
  const { refused } = options;
  const missing = options.mode === 'auto' ? [...refused.lock, ...refused.scale] : refused.lock;
  if (missing.length > 0) problems.push(withoutRight(missing.join('; '), refused.fix));
  // Allowed by halves, a lock would stay behind.
  if (refused.lock.length > 0) return new Hold(options, undefined, problems);
  let lock: RestoreLock | undefined;
  try {
    lock = await takeLock(cluster, namespace, clock, options.doubtMs);
    options.onHold?.(lock.holder);
  } catch (error) {
    if (!isForbidden(error)) throw explainLock(error, namespace);
    problems.push(withoutRight(`take the lock (Lease certkeep-restore in namespace ${namespace})`, refused.fix));
  }
  const hold = new Hold(options, lock, problems);
  try {
    if (lock !== undefined) await hold.pause(lock);
  } catch (error) {
    const failed = await hold.end();
    const known = explainApiError(
      options.signal?.aborted === true ? options.signal.reason : error,
      'pause cert-manager',
    );
    if (failed[0] === undefined) throw known;
    throw new CertkeepError(known.code, `${known.message} ${failed[0].message}`, failed[0].fix, { cause: error });
  }
  if (hold.stopped) progress.info('The controller of cert-manager is paused.');
  return hold;
}

class Hold implements Pause {
  readonly problems: Problem[];
  readonly signal: AbortSignal;
  stopped = false;
  readonly #options: PauseOptions;
  readonly #lock: RestoreLock | undefined;
  readonly #abort = new AbortController();
  #target: (Target & { replicas: number }) | undefined;
  #since = 0;
  #beat: NodeJS.Timeout | undefined;
  #limit: NodeJS.Timeout | undefined;

  constructor(options: PauseOptions, lock: RestoreLock | undefined, problems: Problem[]) {
    this.#options = options;
    this.#lock = lock;
    this.problems = problems;
    const { signal } = options;
    this.signal = signal === undefined ? this.#abort.signal : AbortSignal.any([signal, this.#abort.signal]);
    if (lock !== undefined) this.#beat = setInterval(() => void this.#showLife(lock), BEAT_MS);
  }

  /** Scales to 0 where that is wanted and allowed. */
  async pause(lock: RestoreLock): Promise<void> {
    const { cluster, info, mode, needed, signal, progress } = this.#options;
    const { deployment } = info;
    if (deployment === undefined) return;
    const { namespace, name } = deployment;
    const inherited = lock.inherited?.deployment === name ? lock.inherited.replicas : undefined;
    if (deployment.replicas === 0) {
      // Stopped by hand it stays so; stopped by a restore that died it is started at the end.
      if (inherited !== undefined) this.#target = { namespace, name, replicas: inherited };
      if (await awaitStopped(cluster, deployment, signal)) this.#begin();
      return;
    }
    // Allowed by halves, a pause would have no end.
    if (mode === 'never' || !needed || this.#options.refused.scale.length > 0) return;
    await lock.record({ deployment: name, replicas: deployment.replicas });
    try {
      await writeScale(cluster, deployment, 0);
    } catch (error) {
      if (!isForbidden(error)) throw error;
      this.problems.push(
        withoutRight(
          `pause cert-manager (patch deployments/scale.apps ${name} in the namespace ${namespace})`,
          this.#options.refused.fix,
        ),
      );
      return;
    }
    this.#target = { namespace, name, replicas: deployment.replicas };
    progress.debug(`scaled ${namespace}/${name} from ${deployment.replicas} to 0`);
    if (await awaitStopped(cluster, deployment, signal)) this.#begin();
    else this.#scaledBack(this.#target);
  }

  #begin(): void {
    this.stopped = true;
    this.#since = performance.now();
    if (this.#target === undefined) return;
    const { maxPauseMs } = this.#options;
    this.#limit = setTimeout(() => {
      this.#abort.abort(
        new CertkeepError(
          'interrupted',
          `The pause of cert-manager has lasted for ${formatDuration(maxPauseMs)}, as long as it may.`,
          'Run the same command again: it continues. --max-pause allows more.',
        ),
      );
    }, maxPauseMs);
  }

  async #showLife(lock: RestoreLock): Promise<void> {
    try {
      await lock.renew();
      await this.#lookAfterPause();
    } catch (error) {
      // A lost lock ends the run; what else goes wrong (a connection, a conflict) is tried again by the next beat.
      if (error instanceof CertkeepError && error.code === 'restore-running') this.#abort.abort(error);
    }
  }

  /** Something else (GitOps, an autoscaler, a person) may scale it back: the order is safe then too, and it is said. */
  async #lookAfterPause(): Promise<void> {
    const target = this.#target;
    if (!this.stopped || target === undefined) return;
    if ((await readScale(this.#options.cluster, target)).replicas > 0) this.#scaledBack(target);
  }

  #scaledBack(target: Target): void {
    this.stopped = false;
    const problem: Problem = {
      severity: 'warning',
      code: 'not-paused',
      message: `Something else scaled cert-manager's controller (Deployment ${target.namespace}/${target.name}) back while this restore had paused it, perhaps a GitOps controller.`,
      fix: 'Suspend what manages that Deployment before a restore. The restore went on in the order that is safe with a running controller; see the verdicts.',
      object: `Deployment/${target.namespace}/${target.name}`,
    };
    this.problems.push(problem);
    this.#options.progress.warn(problem.message);
  }

  async end(): Promise<Problem[]> {
    clearInterval(this.#beat);
    clearTimeout(this.#limit);
    const { cluster, progress } = this.#options;
    const target = this.#target;
    // A short restore is over before it has looked once.
    await this.#lookAfterPause().catch(() => {});
    if (target !== undefined) {
      const problem = await startController({ cluster, target, replicas: target.replicas });
      if (problem !== undefined) return [problem];
      progress.info(
        `The controller of cert-manager is started again${this.#since === 0 ? '' : ` after ${formatDuration(performance.now() - this.#since)}`}.`,
      );
    }
    // A lock that stays behind does no harm: its record is of a controller that runs, and it is taken over.
    await this.#lock?.release().catch(() => {});
    return [];
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 403 || error.status === 404);
}

function withoutRight(what: string, fix: string): Problem {
  return {
    severity: 'warning',
    code: 'not-paused',
    message: `These credentials have no right to ${what}, so cert-manager's controller ran during the restore. The order of the writes is safe then too, at a small risk.`,
    fix: `${fix} Or scale the controller to 0 before, and back afterwards; --pause never asks for none of them.`,
  };
}
