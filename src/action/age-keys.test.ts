import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadIdentities, loadRecipients } from './age-keys.ts';

const KEY = `AGE-SECRET-KEY-1${'Q'.repeat(58)}`;
const directory = mkdtempSync(join(tmpdir(), 'certkeep-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('loadRecipients', () => {
  it('takes keys and files of keys, each once', () => {
    const file = join(directory, 'recipients.txt');
    writeFileSync(file, '# team\nage1fromfilefromfile # anna\n\nage1givengivengiven\n');
    expect(loadRecipients(['age1givengivengiven', file])).toEqual(['age1givengivengiven', 'age1fromfilefromfile']);
    expect(loadRecipients([])).toEqual([]);
  });
  it.each(['ssh-ed25519 AAAA', 'age1UPPER', 'no/such/file', '.'])('refuses %j', (entry) => {
    expect(() => loadRecipients([entry])).toThrow(/Input `age-recipients`/);
  });
});

describe('loadIdentities', () => {
  it('takes keys and files of keys, and masks each', () => {
    const masks: string[] = [];
    const text = `# created: 2026-01-01\n# public key: age1x\n${KEY}\n`;
    const file = join(directory, 'key.txt');
    writeFileSync(file, text);
    expect(loadIdentities(text, (m) => masks.push(m))).toEqual([KEY]);
    expect(loadIdentities(file, (m) => masks.push(m))).toEqual([KEY]);
    expect(masks).toEqual([KEY, KEY]);
    expect(loadIdentities('', () => {})).toEqual([]);
  });
  it.each(['age1public', `${KEY.toLowerCase()}`, `x${KEY}`, 'nothing', '# only a comment\n'])(
    'refuses %j unseen',
    (input) => {
      try {
        loadIdentities(input, () => {});
        expect.unreachable();
      } catch (error) {
        expect(error).toMatchObject({ code: 'cannot-decrypt' });
        expect(`${error}`).not.toContain('QQQQ');
      }
    },
  );
});
