import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { soundContents } from '../../test/fixtures/backups/contents.ts';
import { readBackup } from './read.ts';
import { FORMAT_VERSION } from './stages.ts';

/** Backups as each version of the format was written, kept in the repository: they must stay readable for ever. */

const GOLDEN = join(import.meta.dirname, '../../test/fixtures/backups/golden');
const versions = readdirSync(GOLDEN);
const root = mkdtempSync(join(tmpdir(), 'certkeep-golden-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('golden backups', () => {
  it('are there for the present version too', () => expect(versions).toContain(FORMAT_VERSION));

  it.each(versions.flatMap((version) => ['plain', 'secrets-sealed', 'all-sealed'].map((kind) => [version, kind])))(
    '%s, %s, is read whole',
    async (version = '', kind = '') => {
      const path = join(root, `${version}-${kind}`);
      cpSync(join(GOLDEN, version, kind), path, { recursive: true });
      const identity = readFileSync(join(GOLDEN, version, 'identity.txt'), 'utf8');
      const { contents, sealed, manifest } = await readBackup({ path, identities: kind === 'plain' ? [] : [identity] });
      expect([manifest.formatVersion, sealed]).toEqual([version, []]);
      const names = (objects: readonly { metadata: { namespace?: string; name: string } }[]) =>
        objects.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`).sort();
      const made = soundContents().contents;
      for (const section of ['namespaces', 'secrets', 'issuers', 'certificates', 'derived'] as const) {
        expect(names(contents[section]), section).toEqual(names(made[section]));
        expect(contents[section].length, section).toBeGreaterThan(0);
      }
    },
  );
});
