import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { PlannedObject } from './actions.ts';
import { Journal, type JournalWrite, outOfOrder } from './journal.ts';
import { certificate, secret } from './testing/fixtures.ts';

const root = mkdtempSync(join(tmpdir(), 'certkeep-journal-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function item(object: ReturnType<typeof secret>, stage: 30 | 50): PlannedObject {
  return { object, stage, action: 'create' } as PlannedObject;
}

describe('the journal', () => {
  it('has a line on disk before a write, and one after it', () => {
    let now = Date.parse('2026-06-01T00:00:00Z');
    const clock = {
      now: () => {
        now += 1000;
        return new Date(now);
      },
    };
    const path = join(root, 'new/journal.ndjson');
    const journal = new Journal(path, { backup: 'sha256:1', cluster: 'uid' }, clock);
    const lines = () =>
      readFileSync(path, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const written = item(secret('a'), 30);
    journal.requested(written);
    expect(lines().at(-1)).toEqual({
      at: '2026-06-01T00:00:02.000Z',
      write: 'Secret/app/a',
      stage: 30,
      action: 'create',
    });
    journal.answered(written, '7');
    expect(lines().at(-1)).toEqual({ at: '2026-06-01T00:00:03.000Z', written: 'Secret/app/a', resourceVersion: '7' });
    journal.close();
    const again = new Journal(path, { backup: 'sha256:1', cluster: 'uid' }, clock);
    again.requested(item(certificate('web'), 50));
    again.close();
    expect(lines().map((line) => line.journal ?? line.write ?? line.written)).toEqual([
      'certkeep-restore',
      'Secret/app/a',
      'Secret/app/a',
      'certkeep-restore',
      'Certificate/app/web',
    ]);
  });

  it('that cannot be written is said', () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    expect(() => new Journal(join(file, 'journal'), { backup: '', cluster: '' }, { now: () => new Date() })).toThrow(
      /cannot be written/,
    );
  });
});

describe('the order', () => {
  const write = (object: string, stage: number, from: number, to: number): JournalWrite => ({
    object,
    stage,
    requestedAt: new Date(from).toISOString(),
    answeredAt: new Date(to).toISOString(),
  });

  it('holds where every stage is answered before the next is asked', () => {
    expect(outOfOrder([])).toBeUndefined();
    expect(outOfOrder([write('c', 50, 30, 40), write('a', 30, 1, 10), write('b', 30, 2, 30)])).toBeUndefined();
  });

  it('does not hold where a Certificate went out before the last Secret was there', () => {
    const found = outOfOrder([write('a', 30, 1, 10), write('b', 30, 2, 31), write('c', 50, 30, 40)]);
    expect([found?.early.object, found?.late.object]).toEqual(['c', 'b']);
  });
});
