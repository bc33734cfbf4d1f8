import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** age's own command line, built once from its Go module into the tests' cache: what a user without certkeep decrypts with. */
const VERSION = 'v1.3.1';

export async function ageTool(): Promise<string> {
  const cache =
    process.env.CERTKEEP_TEST_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'certkeep-test');
  const directory = join(cache, `age-${VERSION}`);
  const tool = join(directory, 'age');
  if (existsSync(tool)) return tool;
  const aside = join(cache, `age-${VERSION}.${process.pid}`);
  mkdirSync(aside, { recursive: true });
  for (const command of ['age', 'age-keygen']) {
    const result = spawnSync('go', ['install', `filippo.io/age/cmd/${command}@${VERSION}`], {
      env: { ...process.env, GOBIN: aside, GOFLAGS: '' },
      encoding: 'utf8',
    });
    if (result.status !== 0) throw new Error(`go install ${command}: ${result.stderr}`);
  }
  renameSync(aside, directory);
  return tool;
}
