/**
 * What `certkeep check` costs: 10,000 Certificates with Secrets of about 4 KB and different keys, sealed, and a file that
 * claims to be a backup and has a line of 1 GB. `npm run bench:check` prints the table and writes
 * test/results/check.json. Time and memory are those of the shipped bundle as a process of its own.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../../src/archive/canonical.ts';
import { writeBackup } from '../../src/archive/write.ts';
import {
  ContentsBuilder,
  certificateObject,
  clusterIssuer,
  secretObject,
  soundContents,
  writeOptions,
} from '../fixtures/backups/contents.ts';
import { makePair } from '../fixtures/backups/x509.ts';
import { copyBundle } from '../support/bundle.ts';
import { newIdentity } from '../support/identity.ts';
import { writeResult } from '../support/results.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const COUNT = Number(process.argv[2] ?? 10_000);
const RUNS = 3;

/** Runs a command; its exit code, seconds and peak memory (from the process itself, as it ends). */
function measured(args: string[]): { code: number; seconds: number; megabytes: number; output: string } {
  const reporter = join(temporaryDirectory('bench'), 'peak.mjs');
  const peak = `${reporter}.peak`;
  // resourceUsage().maxRSS is in kilobytes.
  writeFileSync(
    reporter,
    `import { writeFileSync } from 'node:fs';\nprocess.on('exit', () => writeFileSync(${JSON.stringify(peak)}, String(process.resourceUsage().maxRSS)));\n`,
  );
  const start = performance.now();
  const result = spawnSync(process.execPath, ['--import', reporter, ...args], { encoding: 'utf8' });
  return {
    code: result.status ?? -1,
    seconds: (performance.now() - start) / 1000,
    megabytes: Number(readFileSync(peak, 'utf8')) / 1000,
    output: result.stdout + result.stderr,
  };
}

async function manyCertificates(directory: string, recipient: string): Promise<void> {
  const root = makePair({ commonName: 'root', isCA: true, dnsNames: [] });
  const builder = new ContentsBuilder()
    .namespace('cert-manager')
    .issuer(clusterIssuer('ca', { ca: { secretName: 'root-ca' } }))
    .secret('ca-secret', secretObject('cert-manager', 'root-ca', { 'tls.crt': root.crt, 'tls.key': root.key }));
  const day = 24 * 3600 * 1000;
  for (let i = 0; i < COUNT; i++) {
    const namespace = `team-${i % 50}`;
    if (i < 50) builder.namespace(namespace);
    // Names enough for a Secret of about 4 KB.
    const dnsNames = Array.from({ length: 30 }, (_, n) => `host-${n}.c${i}.team-${i % 50}.example.com`);
    const certificate = certificateObject(namespace, `c${i}`, { dnsNames });
    builder.certificate(
      certificate,
      makePair({
        dnsNames,
        serial: i + 1,
        notBefore: new Date(Date.now() - day),
        notAfter: new Date(Date.now() + 89 * day),
      }),
    );
  }
  await writeBackup({ ...writeOptions(directory, builder), recipients: [recipient], encrypt: 'secrets' });
}

/** A backup whose list of issuers is one line of 1 GB; its manifest names the right digest. */
async function hostile(directory: string): Promise<void> {
  const { path } = await writeBackup(writeOptions(directory, soundContents()));
  const bytes = 2 ** 30;
  const name = 'objects/40-issuers.ndjson';
  const file = openSync(join(path, name), 'w');
  writeSync(file, '{"a":"');
  ftruncateSync(file, bytes);
  closeSync(file);
  const hash = createHash('sha256').update('{"a":"');
  const zeros = Buffer.alloc(2 ** 20);
  for (let left = bytes - 6; left > 0; left -= zeros.length)
    hash.update(zeros.subarray(0, Math.min(left, zeros.length)));
  const manifest = JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8'));
  manifest.files[name] = { bytes, sha256: hash.digest('hex') };
  const { root: _, ...rest } = manifest;
  const root = `sha256:${createHash('sha256').update(canonicalJson(rest)).digest('hex')}`;
  writeFileSync(join(path, 'manifest.json'), canonicalJson({ ...rest, root }));
}

const cli = copyBundle('cli');
const directory = temporaryDirectory('bench-check');
mkdirSync(directory, { recursive: true });
const key = await newIdentity();
const sound = join(directory, 'sound');
await manyCertificates(sound, key.recipient);
const runs = Array.from({ length: RUNS }, () =>
  measured([cli, 'check', sound, '--identity-file', key.file, '--quiet']),
);
const bad = runs.find((run) => run.code !== 0);
if (bad !== undefined) throw new Error(`check ended with ${bad.code}: ${bad.output.slice(0, 2000)}`);
await hostile(join(directory, 'hostile'));
const refused = measured([cli, 'check', join(directory, 'hostile'), '--quiet']);
if (refused.code !== 4)
  throw new Error(`the hostile file ended with ${refused.code}: ${refused.output.slice(0, 2000)}`);

const seconds = runs.map((run) => run.seconds).sort((a, b) => a - b);
const median = seconds[Math.floor(seconds.length / 2)] ?? Number.NaN;
const megabytes = Math.max(...runs.map((run) => run.megabytes));
console.log(
  `check, ${COUNT} Certificates with Secrets, sealed: ${median.toFixed(2)} s (${seconds.map((s) => s.toFixed(2)).join(', ')}), ${megabytes.toFixed(0)} MB`,
);
console.log(
  `a line of 1 GB is refused with ${refused.code}: ${refused.seconds.toFixed(2)} s, ${refused.megabytes.toFixed(0)} MB`,
);
console.log(
  writeResult('check', {
    certificates: COUNT,
    seconds,
    megabytes,
    hostile: { code: refused.code, seconds: refused.seconds, megabytes: refused.megabytes },
  }),
);
