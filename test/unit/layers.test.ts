import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Arrows point down only: a module imports from its own layer's folder, or from a layer below. */
const LAYERS: Record<string, number> = {
  action: 4,
  cli: 4,
  backup: 3,
  restore: 3,
  verify: 3,
  check: 3,
  predict: 3,
  rights: 3,
  convert: 3,
  reissue: 2,
  refs: 2,
  archive: 2,
  cluster: 2,
  model: 1,
};
/** Arrows between folders of one layer that are meant: each the use of a whole result, never of a detail. */
const SIDEWAYS = new Set([
  'backup → check',
  'restore → verify',
  'restore → check',
  'verify → backup',
  'restore → backup',
  'predict → backup',
  'predict → rights',
  'backup → rights',
  'verify → rights',
  'restore → rights',
  'convert → backup',
  'convert → check',
]);

const SRC = join(import.meta.dirname, '../../src');
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
  (f) => f.endsWith('.ts') && !f.endsWith('.test.ts'),
);
const arrows = files.flatMap((file) => {
  const text = readFileSync(join(SRC, file), 'utf8');
  return [...text.matchAll(/^(?:import|export)[^;]*? from '([^']+)'/gms)].map((m) => ({ file, to: m[1] ?? '' }));
});
const folder = (path: string) => path.split('/')[0] ?? '';

describe('layers', () => {
  it('knows every folder', () => {
    expect(files.length).toBeGreaterThan(20);
    for (const file of files) expect(Object.keys(LAYERS)).toContain(folder(file));
  });

  it('has arrows that point down only', () => {
    const wrong = arrows
      .filter(({ to }) => to.startsWith('.'))
      .map(({ file, to }) => ({
        file,
        from: folder(file),
        target: folder(relative(SRC, join(SRC, dirname(file), to))),
      }))
      .filter(({ from, target }) => {
        if (from === target) return false;
        const [a, b] = [LAYERS[from] ?? 0, LAYERS[target] ?? 99];
        return b > a || (a === b && !SIDEWAYS.has(`${from} → ${target}`));
      })
      .map(({ file, target }) => `${file} imports ${target}`);
    expect(wrong).toEqual([]);
  });

  it('keeps process, console and the Actions toolkit out of the core', () => {
    const core = files.filter((f) => !['action', 'cli'].includes(folder(f)));
    const wrong = core.filter((file) => {
      const text = readFileSync(join(SRC, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      return /\bprocess\.(env|exit|stdout|stderr|argv)\b|\bconsole\.|@actions\//.test(text);
    });
    expect(wrong).toEqual([]);
  });
});
