/**
 * Builds dist/ from src/: TypeScript to JavaScript, then one self-contained bundle for each entry, so that each file
 * runs when it is copied alone to an empty directory.
 *
 *   node scripts/build.ts           writes dist/
 *   node scripts/build.ts --check   builds aside and fails where dist/ is not what the sources build
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const ENTRIES = { main: 'action/main', post: 'action/post', cli: 'cli/index' };

function run(command: string, args: string[]): void {
  const result = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${result.status ?? result.signal}`);
}

/** Builds into `out`, which must be a directory inside the repository (ncc resolves modules from there). */
function build(out: string): void {
  const js = join(ROOT, 'build');
  rmSync(js, { recursive: true, force: true });
  run('tsc', ['-p', 'tsconfig.build.json']);
  mkdirSync(out, { recursive: true });
  const licenses = new Map<string, string>();
  for (const [name, entry] of Object.entries(ENTRIES)) {
    const aside = join(js, `bundle-${name}`);
    run('ncc', [
      'build',
      join(js, `${entry}.js`),
      '-m',
      '-q',
      '--no-cache',
      '--target',
      'es2022',
      '--license',
      'licenses.txt',
      '-o',
      aside,
    ]);
    const unexpected = readdirSync(aside).filter((f) => !['index.js', 'package.json', 'licenses.txt'].includes(f));
    if (unexpected.length > 0) {
      throw new Error(`the bundle of ${name} needs more than one file: ${unexpected.join(', ')}`);
    }
    cpSync(join(aside, 'index.js'), join(out, `${name}.js`));
    for (const [packageName, text] of parseLicenses(readFileSync(join(aside, 'licenses.txt'), 'utf8'))) {
      licenses.set(packageName, text);
    }
  }
  writeFileSync(join(out, 'package.json'), '{\n  "type": "module"\n}\n');
  const sorted = [...licenses.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(join(out, 'licenses.txt'), sorted.map(([name, text]) => `${name}\n${text}`).join('\n'));
}

/** ncc writes `name\nlicense\ntext\n\n` for each package; the names are those of node_modules. */
function parseLicenses(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let current = '';
  const lines = text.split('\n');
  lines.forEach((line, i) => {
    const startsPackage =
      (i === 0 || lines[i - 1] === '') && existsSync(join(ROOT, 'node_modules', line, 'package.json')) && line !== '';
    if (startsPackage) {
      current = line;
      found.set(current, '');
    } else if (current !== '') {
      found.set(current, `${found.get(current)}${line}\n`);
    }
  });
  return found;
}

function main(): void {
  const dist = join(ROOT, 'dist');
  const aside = mkdtempSync(join(ROOT, '.dist-'));
  try {
    build(aside);
    if (!process.argv.includes('--check')) {
      // Only a whole build takes the place of the last one.
      rmSync(dist, { recursive: true, force: true });
      chmodSync(aside, 0o755);
      renameSync(aside, dist);
      return;
    }
    const names = [...new Set([...readdirSync(aside), ...(existsSync(dist) ? readdirSync(dist) : [])])].sort();
    const differing = names.filter((name) => {
      const [a, b] = [join(aside, name), join(dist, name)];
      return !existsSync(a) || !existsSync(b) || !readFileSync(a).equals(readFileSync(b));
    });
    if (differing.length > 0) {
      console.error(
        `dist/ is not what the sources build: ${differing.join(', ')}. Run: npm run build, and commit dist/.`,
      );
      process.exitCode = 1;
    } else {
      console.log(`dist/ is what the sources build (${names.length} files).`);
    }
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

main();
