import { describe, expect, it, vi } from 'vitest';
import type { Problem } from '../model/problems.ts';
import { annotations, countedByCode, sentence, stepLog } from './log.ts';

const problem = (severity: Problem['severity'], n: number): Problem => ({
  severity,
  code: severity === 'error' ? 'missing-secret' : 'secrets-not-captured',
  message: `message ${n}`,
  fix: `fix ${n}`,
  object: `Secret/app1/s${n}`,
});

/** What a call writes to standard output. */
async function written(work: () => unknown): Promise<string> {
  let text = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return text;
}

describe('annotations', () => {
  it('puts errors first, and the last says how many more there are', () => {
    const problems = [
      ...Array.from({ length: 8 }, (_, i) => problem('warning', i)),
      ...Array.from({ length: 7 }, (_, i) => problem('error', i)),
    ];
    const shown = annotations(problems, true, 10);
    expect(shown.map((a) => a.severity)).toEqual([...Array(7).fill('error'), ...Array(3).fill('warning')]);
    expect(shown[9]?.text).toContain('(And 5 more: see the summary and the report.)');
    expect(shown[8]?.text).not.toContain('more');
    expect(annotations(problems.slice(0, 3), true, 10).at(-1)?.text).not.toContain('more');
    expect(annotations(problems, true, 0)).toEqual([]);
  });

  it('names nothing where names may not be shown', () => {
    const shown = annotations([problem('error', 1), problem('error', 2), problem('warning', 3)], false, 10);
    expect(shown).toHaveLength(2);
    expect(shown[0]?.text).toBe('A Secret that something refers to does not exist. (2 times).');
    expect(JSON.stringify(shown)).not.toMatch(/app1|message|fix/);
  });
});

describe('sentence', () => {
  it('names the object once', () => {
    expect(sentence(problem('error', 1))).toBe('Secret/app1/s1: message 1. Fix: fix 1.');
    expect(sentence({ ...problem('error', 1), message: 'No Secret/app1/s1!', fix: '' })).toBe('No Secret/app1/s1!');
  });
});

describe('countedByCode', () => {
  it('keeps severities apart', () => {
    const note: Problem = { ...problem('note', 1), code: 'missing-secret' };
    expect(countedByCode([problem('error', 1), note])).toHaveLength(2);
  });
});

describe('stepLog', () => {
  it('closes its group when the work fails', async () => {
    const log = stepLog({ names: true, verbose: false });
    const text = await written(() =>
      log
        .group('Back up', async () => {
          throw new Error('x');
        })
        .catch(() => undefined),
    );
    expect(text).toBe('::group::Back up\n::endgroup::\n');
  });

  it('lets no command of the runner through', async () => {
    const log = stepLog({ names: true, verbose: true });
    const text = await written(() => {
      log.info('a\n::error::b');
      log.warn('::add-mask::x');
      log.debug('  ::stop-commands::y');
      log.step('##[error]z', 1, 0);
    });
    expect(text).toBe('a ::error::b\nWarning: : :add-mask::x\n: :stop-commands::y\n## [error]z: 1\n');
  });

  it('says nothing of the core where names may not be shown', async () => {
    const log = stepLog({ names: false, verbose: true });
    const text = await written(() => {
      log.info('app1/web');
      log.warn('app1/web');
      log.debug('app1/web');
      log.step('writing app1/web', 1, 2);
      log.say('certkeep');
    });
    expect(text).toBe('Working: 1 of 2\ncertkeep\n');
  });

  it('shows long work now and then, and its end', async () => {
    let at = 0;
    const log = stepLog({ names: true, verbose: false, now: () => at });
    const text = await written(() => {
      for (let i = 1; i <= 2000; i++) {
        at += 10;
        log.step('writing Secrets', i, 2000);
      }
    });
    expect(text.trim().split('\n')).toEqual([
      'writing Secrets: 1 of 2000',
      'writing Secrets: 501 of 2000',
      'writing Secrets: 1001 of 2000',
      'writing Secrets: 1501 of 2000',
      'writing Secrets: 2000 of 2000',
    ]);
  });
});
