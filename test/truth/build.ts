import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The release that the tests judge live. */
export const LIVE = '1.21.2';

/**
 * The releases whose verdicts are kept under golden/: both sides of every change of the rules, and the last patch of a
 * minor release where the Go module proxy has it.
 */
export const GOLDEN = [
  '1.11.5',
  '1.12.0',
  '1.12.3',
  '1.12.4',
  '1.12.14',
  '1.13.0',
  '1.13.1',
  '1.13.2',
  '1.13.6',
  '1.14.0',
  '1.14.7',
  '1.15.0',
  '1.15.3',
  '1.15.4',
  '1.15.5',
  '1.16.0',
  '1.16.1',
  '1.16.2',
  '1.16.3',
  '1.16.5',
  '1.17.0',
  '1.17.4',
  '1.18.0',
  '1.18.2',
  '1.18.3',
  '1.18.6',
  '1.19.0',
  '1.19.1',
  '1.19.4',
  '1.20.0',
  '1.20.2',
  '1.21.0',
  '1.21.1',
] as const;

/** The same for the shim, which only 1.21.2 changed within a minor release. */
export const SHIM_GOLDEN = [
  '1.11.5',
  '1.12.14',
  '1.13.6',
  '1.14.7',
  '1.15.5',
  '1.16.2',
  '1.17.4',
  '1.18.2',
  '1.19.0',
  '1.20.2',
  '1.21.0',
] as const satisfies readonly (typeof GOLDEN)[number][];
export type Version = typeof LIVE | (typeof GOLDEN)[number];

const SOURCE = join(import.meta.dirname, 'go');
const run = promisify(execFile);

/** Where what takes minutes to build is kept: outside the tree. */
export function cacheDirectory(): string {
  const root = process.env.CERTKEEP_TEST_CACHE ?? join(homedir(), '.cache');
  const directory = join(root, 'certkeep-test', 'truth');
  mkdirSync(directory, { recursive: true });
  return directory;
}

const builds = new Map<string, Promise<string>>();

/** `truth` judges Certificates, `shim` what makes them. */
export type Program = 'truth' | 'shim';

/** The truth program for one release of cert-manager, built where it is not yet in the cache (minutes, when cold). */
export function truthBinary(version: Version, program: Program = 'truth'): Promise<string> {
  const key = `${program}-${version}`;
  let build = builds.get(key);
  if (build === undefined) {
    build = buildBinary(version, program);
    builds.set(key, build);
  }
  return build;
}

/** Tags of patch releases that lack something of their minor release: the owner of a Secret, the look at Disabled. */
const PATCH_TAGS: Partial<Record<Version, string>> = {
  '1.13.0': 'noowner',
  '1.13.1': 'noowner',
  '1.21.0': 'nodisabled',
};

async function buildBinary(version: Version, program: Program): Promise<string> {
  const minor = version.split('.').slice(0, 2).join('.');
  const { stdout: go } = await run('go', ['env', 'GOVERSION'], { cwd: SOURCE });
  const modfile = moduleFile(version, minor);
  const folder = program === 'truth' ? '.' : `./${program}`;
  const binary = join(
    cacheDirectory(),
    `${program}-${version}-${sourceHash(join(SOURCE, folder), modfile, go.trim())}`,
  );
  if (existsSync(binary)) return binary;
  const temporary = `${binary}.${process.pid}`;
  const mode = version === LIVE ? 'readonly' : 'mod';
  const flags = ['-trimpath', '-buildvcs=false', '-ldflags', '-s -w', `-mod=${mode}`, `-modfile=${modfile}`];
  const tags = [`cm${minor.replace('.', '_')}`, PATCH_TAGS[version] ?? ''].filter(Boolean).join(',');
  await run('go', ['build', ...flags, '-tags', tags, '-o', temporary, folder], {
    cwd: SOURCE,
    env: { ...process.env, GOFLAGS: '', GOWORK: 'off' },
    maxBuffer: 1 << 26,
  });
  renameSync(temporary, binary);
  return binary;
}

/** The live release's module file is part of the tree; those of the others are made in the cache when wanted. */
function moduleFile(version: Version, minor: string): string {
  if (version === LIVE) return join(SOURCE, `go-${minor}.mod`);
  const file = join(cacheDirectory(), `go-${version}.mod`);
  if (!existsSync(file)) {
    // The vcert that cert-manager 1.21 names cannot be downloaded any more.
    const vcert = minor === '1.21' ? 'require github.com/Venafi/vcert/v5 v5.13.8\n' : '';
    writeFileSync(
      file,
      `module github.com/cert-manager/cert-manager/certkeep-truth\n\ngo 1.26.0\n\nrequire github.com/cert-manager/cert-manager v${version}\n${vcert}`,
    );
  }
  return file;
}

function sourceHash(folder: string, modfile: string, go: string): string {
  const hash = createHash('sha256').update(go);
  const sources = readdirSync(folder).filter((name) => /\.(go|s)$/.test(name));
  for (const name of sources.sort())
    hash
      .update(name)
      .update('\0')
      .update(readFileSync(join(folder, name)));
  // The module files in the cache change when they are first used.
  if (modfile.startsWith(SOURCE)) hash.update(readFileSync(modfile));
  return hash.digest('hex').slice(0, 16);
}
