import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { objectName } from '../model/objects.ts';
import { CertkeepError } from '../model/problems.ts';
import type { Clock } from '../model/progress.ts';
import type { PlannedObject } from './actions.ts';

/** One write: when its request was about to be sent, and when the answer was there. RFC 3339 with milliseconds. */
export interface JournalWrite {
  object: string;
  stage: number;
  requestedAt: string;
  /** '' while there is no answer. */
  answeredAt: string;
}

/**
 * What a restore writes, written ahead: a line before each request, and one when its answer is there. A line without its
 * answer is what an interrupted run may or may not have done; running the same restore again settles it, since it
 * compares the cluster with the backup and not with this file. For people, and for the proof of the order.
 */
export class Journal {
  readonly path: string;
  readonly #fd: number;
  readonly #clock: Clock;
  readonly #writes = new Map<string, JournalWrite>();

  /**
   * Opens the file to append; it and its directory are made where they do not exist.
   * @throws CertkeepError output-not-writable (2)
   */
  constructor(path: string, head: { backup: string; cluster: string }, clock: Clock) {
    this.path = path;
    this.#clock = clock;
    try {
      mkdirSync(dirname(path), { recursive: true });
      this.#fd = openSync(path, 'a', 0o600);
    } catch (cause) {
      throw new CertkeepError(
        'output-not-writable',
        `The journal ${path} cannot be written (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}).`,
        'Give a file in a directory that this user may write with --journal.',
        { cause },
      );
    }
    this.#line({ journal: 'certkeep-restore', version: 1, at: this.#now(), ...head });
  }

  /** Before the request is sent. */
  requested(item: PlannedObject): void {
    const object = objectName(item.object);
    const requestedAt = this.#now();
    this.#writes.set(object, { object, stage: item.stage, requestedAt, answeredAt: '' });
    this.#line({ at: requestedAt, write: object, stage: item.stage, action: item.action });
  }

  /** When the answer is there. */
  answered(item: PlannedObject, resourceVersion: string): void {
    const object = objectName(item.object);
    const write = this.#writes.get(object);
    const at = this.#now();
    if (write !== undefined) write.answeredAt = at;
    this.#line({ at, written: object, resourceVersion });
  }

  /** All writes of this run. */
  get writes(): JournalWrite[] {
    return [...this.#writes.values()];
  }

  close(): void {
    closeSync(this.#fd);
  }

  #now(): string {
    return this.#clock.now().toISOString();
  }

  /** The kernel has it when this returns: it outlives the process. */
  #line(value: Record<string, unknown>): void {
    writeSync(this.#fd, `${JSON.stringify(value)}\n`);
  }
}

/**
 * The first write that was sent before all of an earlier stage were answered; undefined where the order held. It is the
 * journal's own times that are compared, so it proves what was done and not what was planned.
 */
export function outOfOrder(writes: readonly JournalWrite[]): { early: JournalWrite; late: JournalWrite } | undefined {
  const stages = [...new Set(writes.map((w) => w.stage))].sort((a, b) => a - b);
  let last: JournalWrite | undefined;
  for (const stage of stages) {
    const here = writes.filter((w) => w.stage === stage);
    const late = last;
    if (late !== undefined) {
      const early = here.find((w) => late.answeredAt === '' || w.requestedAt < late.answeredAt);
      if (early !== undefined) return { early, late };
    }
    for (const write of here) {
      if (
        last === undefined ||
        write.answeredAt === '' ||
        (last.answeredAt !== '' && write.answeredAt > last.answeredAt)
      )
        last = write;
    }
  }
  return undefined;
}
