import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IndexEntry } from '../../src/model/backup.ts';
import type { KubeObject } from '../../src/model/objects.ts';
import type { Report } from '../../src/model/report.ts';
import { REFERENCE_PATHS, WEBHOOK_CONFIG_PATH } from '../../src/refs/paths.ts';
import { startCluster, type TestCluster } from '../cluster/api.ts';
import type { Pebble } from '../cluster/pebble.ts';
import { ageTool } from '../support/age-tool.ts';
import { certkeep } from '../support/bundle.ts';
import { apply, certificates, requests, waitReady } from '../support/company.ts';
import { type ForeignServices, startForeignServices } from '../support/foreign-services.ts';
import { newIdentity } from '../support/identity.ts';
import { CERTIFICATE_NAMES, ISSUER_MANIFESTS, TUTORIAL, type World } from '../support/reference-rows.ts';
import {
  allDecoys,
  CERTIFICATE_COUNT,
  canBeReady,
  decoysOf,
  EXPECTED,
  type Expected,
  fillReferences,
  type IssuerState,
  issuerStates,
  keyPairs,
  newCertificates,
  PLACED,
  placedName,
  platform,
  untilSettled,
} from '../support/reference-world.ts';
import { writeResult } from '../support/results.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/**
 * Every row of the table of reference paths on a real API server with cert-manager's real webhook: exactly what the
 * field names is captured, what merely resembles it is not, and after a restore to an empty cluster every issuer finds
 * what it names. ACME is a real Pebble. Vault and Venafi TPP are foreign systems, played by a stand-in.
 */

const EXTERNAL_ACCOUNT = { id: 'kid-1', key: Buffer.from('an external account of the tests').toString('base64url') };

let source: TestCluster;
let target: TestCluster;
let pebble: Pebble;
let foreign: ForeignServices;
let world: World;
let key: Awaited<ReturnType<typeof newIdentity>>;
let report: Report;
let index: IndexEntry[];
let secrets: Map<string, KubeObject>;
let before: Map<string, IssuerState>;
/** ACME accounts at Pebble when the restore began. */
let registered = 0;
let after: Map<string, IssuerState> = new Map();
const backup = join(temporaryDirectory('references'), 'backup');

async function run(args: string[], code: number): Promise<Report> {
  const result = await certkeep([...args, '--json']);
  expect(result.code, `${result.stderr}\n${result.stdout}`.slice(0, 4000)).toBe(code);
  return JSON.parse(result.stdout) as Report;
}

/** The lines of a file of the backup; sealed ones by age's own tool. */
async function lines<T>(name: string): Promise<T[]> {
  const path = join(backup, name);
  const text = name.endsWith('.age')
    ? execFileSync(await ageTool(), ['-d', '-i', key.file, path], { encoding: 'utf8', maxBuffer: 1 << 28 })
    : readFileSync(path, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

const idOf = (object: { namespace?: string; name: string }) => `${object.namespace}/${object.name}`;

/** A text with its concrete paths in the notation of the table. */
const pattern = (text: string) => text.replaceAll(/\[\d+\]/g, '[]');

/** Whether the backup names this field of this object as a reason for what it names. */
function isReason(reason: string, { holder, path }: Expected): boolean {
  const field = pattern(reason);
  // Within a webhook solver's own configuration the shape decides, not the path.
  return path === WEBHOOK_CONFIG_PATH ? field.startsWith(`${holder}:${path}.`) : field === `${holder}:${path}`;
}

/** Captured, or for what is no Secret: listed as a prerequisite; with the right field as the reason. */
function isFound(expected: Expected): boolean {
  if (expected.kind !== 'Secret') {
    const object = `${expected.kind}/${idOf(expected)}`;
    const listed = report.problems.filter((p) => p.code === 'prerequisite' && p.object === object);
    return listed.some((p) => pattern(p.message).includes(`${expected.holder}:${expected.path}`));
  }
  const entry = index.find((e) => e.kind === 'Secret' && idOf(e) === idOf(expected));
  return secrets.has(idOf(expected)) && entry?.referencedFrom.some((reason) => isReason(reason, expected)) === true;
}

beforeAll(async () => {
  [source, target] = [await startCluster('rows-source'), await startCluster('rows-target')];
  pebble = await source.pebble({ externalAccounts: { [EXTERNAL_ACCOUNT.id]: EXTERNAL_ACCOUNT.key } });
  foreign = await startForeignServices();
  key = await newIdentity();
  world = { acme: pebble, externalAccount: EXTERNAL_ACCOUNT, foreign, ...(await keyPairs(source)) };
  await fillReferences(source, world);
  before = await issuerStates(source);
  report = await run(
    ['backup', '--kubeconfig', source.kubeconfig, '--output', backup, '--recipient', key.recipient],
    0,
  );
  index = await lines('index.ndjson');
  const all = await lines<KubeObject>('objects/30-secrets.ndjson.age');
  secrets = new Map(all.map((secret) => [idOf(secret.metadata), secret]));
});
afterAll(async () => {
  await Promise.all([source?.stop(), target?.stop(), foreign?.close()]);
});

describe('the table of reference paths', () => {
  const row = (holder: string, path: string, names: string) => `${holder} ${path} ${names}`;
  const table = [
    ...REFERENCE_PATHS.map(({ holder, path, names }) => row(holder, path, names)),
    row('issuer', WEBHOOK_CONFIG_PATH, 'Secret'),
  ];
  const manifests = new Set([
    ...ISSUER_MANIFESTS.flatMap(({ names }) => names.map(({ path, kind }) => row('issuer', path, kind))),
    ...CERTIFICATE_NAMES.map(({ path, kind }) => row('certificate', path, kind)),
  ]);

  it('has a manifest for every row', () => {
    expect(table.filter((one) => !manifests.has(one))).toEqual([]);
  });

  it('has a row for every field of the manifests', () => {
    expect([...manifests].filter((one) => !table.includes(one))).toEqual([]);
  });

  it('has what the tutorial of cert-manager says to copy by hand', () => {
    const issuerRows = new Set(EXPECTED.filter(({ scope }) => scope !== 'Certificate').map(({ path }) => path));
    expect(TUTORIAL.filter((path) => !issuerRows.has(path))).toEqual([]);
  });
});

describe('a backup of all of them', () => {
  it.each(EXPECTED.map((expected) => [`${expected.holder}:${expected.path}`, expected] as const))(
    '%s',
    (_, expected) => {
      expect(isFound(expected), `${expected.kind}/${idOf(expected)}`).toBe(true);
      const data = secrets.get(idOf(expected))?.data as Record<string, string> | undefined;
      const values = Object.values(data ?? {}).map((value) => Buffer.from(value, 'base64').toString());
      if (expected.named.data !== undefined) {
        expect(values.sort()).toEqual(Object.values(expected.named.data(world, expected.id)).sort());
      }
      expect(decoysOf(expected).filter((decoy) => secrets.has(decoy))).toEqual([]);
    },
  );

  it('holds these Secrets and no other', () => {
    const expected = EXPECTED.filter(({ kind }) => kind === 'Secret').map(idOf);
    expect([...secrets.keys()].sort()).toEqual([...new Set(expected)].sort());
  });

  it('stood among decoys', async () => {
    const { stdout } = await source.kubectl(['get', 'secrets', '-A', '-o', 'json']);
    const live = new Set((JSON.parse(stdout) as { items: KubeObject[] }).items.map(({ metadata }) => idOf(metadata)));
    expect(allDecoys().filter((decoy) => !live.has(decoy))).toEqual([]);
    expect(allDecoys().length).toBeGreaterThan(EXPECTED.length * 5);
    expect(allDecoys().filter((decoy) => secrets.has(decoy))).toEqual([]);
  });
});

/** What cert-manager 1.21 says of an issuer whose Secret, or whose key of it, is not there. */
const ABOUT_A_SECRET = /secrets? ["'][^"']+["'] not found|no data for|could not access secret|private key is invalid/i;

describe('restored to an empty cluster', () => {
  beforeAll(async () => {
    // What Pebble and the stand-in hear from here on comes from the target.
    await source.certManager('stop');
    registered = pebble.registrations();
    foreign.forget();
    await apply(target, platform());
    const restored = await run(['restore', backup, '--kubeconfig', target.kubeconfig, '--identity-file', key.file], 0);
    expect(restored.certificates.map(({ verdict }) => verdict)).toEqual(
      Array.from({ length: CERTIFICATE_COUNT }, () => 'unchanged'),
    );
    expect(await requests(target)).toEqual([]);
    after = (await untilSettled(target, 60)).states;
  });

  it.each(PLACED.map((issuer) => [placedName(issuer), issuer] as const))(
    '%s finds what it names',
    async (name, issuer) => {
      const state = after.get(name);
      expect(state?.message).not.toMatch(ABOUT_A_SECRET);
      if (canBeReady(issuer)) expect(state).toMatchObject({ ready: 'True' });
      else expect(state).toMatchObject({ ready: 'False', message: expect.stringMatching(/./) });
      if (issuer.shape === 'acme') {
        expect(state?.uri).toMatch(/^https:/);
        expect(state?.uri).toBe(before.get(name)?.uri);
      }
    },
  );

  it('shows Vault and TPP the credentials of the backup', async () => {
    const expected = EXPECTED.flatMap(({ named: { shown }, id }) => (shown === undefined ? [] : [shown(world, id)]));
    const client = `certificate:${new X509Certificate(world.client['tls.crt']).fingerprint256}`;
    await until(() => [...expected, client].every((one) => foreign.seen().has(one)));
    expect(new Set(expected).size).toBe(expected.length);
    expect(expected).not.toEqual([]);
  });

  it('registers no ACME account, and every issuer issues', async () => {
    const fresh = newCertificates();
    await apply(target, fresh);
    await waitReady(target, CERTIFICATE_COUNT + fresh.length);
    const acme = PLACED.filter(({ shape }) => shape === 'acme').length;
    expect(fresh).toHaveLength(acme + 2);
    expect(registered).toBe(acme);
    expect(pebble.registrations()).toBe(registered);
    expect((await issuerStates(target)).get('Issuer/issuers/acme')?.uri).toBe(before.get('Issuer/issuers/acme')?.uri);
    expect((await certificates(target)).filter(({ ready }) => ready)).toHaveLength(CERTIFICATE_COUNT + fresh.length);
  });

  it('would have said so if a Secret were missing', async () => {
    const absent = { name: 'absent', key: 'x' };
    const controls: Record<string, Record<string, unknown>> = {
      'control-acme': {
        acme: {
          server: pebble.directoryUrl,
          privateKeySecretRef: { name: 'absent' },
          disableAccountKeyGeneration: true,
          solvers: [],
        },
      },
      'control-dns': {
        acme: {
          server: pebble.directoryUrl,
          privateKeySecretRef: { name: 'control-dns' },
          solvers: [{ dns01: { cloudflare: { apiTokenSecretRef: absent } } }],
        },
      },
      'control-external': {
        acme: {
          server: pebble.directoryUrl,
          privateKeySecretRef: { name: 'control-external' },
          externalAccountBinding: { keyID: EXTERNAL_ACCOUNT.id, keySecretRef: absent },
          solvers: [],
        },
      },
      'control-ca': { ca: { secretName: 'absent' } },
      'control-vault': { vault: { server: foreign.url, path: 'p', auth: { tokenSecretRef: absent } } },
      'control-bundle': {
        vault: { server: foreign.url, path: 'p', caBundleSecretRef: absent, auth: { tokenSecretRef: absent } },
      },
      'control-key': {
        vault: { server: foreign.url, path: 'p', auth: { tokenSecretRef: { name: 'vault-token-token', key: 'x' } } },
      },
      'control-tpp': { venafi: { zone: 'z', tpp: { url: foreign.url, credentialsRef: { name: 'absent' } } } },
      'control-cloud': { venafi: { zone: 'z', cloud: { url: foreign.url, apiTokenSecretRef: absent } } },
      'control-ngts': {
        venafi: { zone: 'z', ngts: { url: foreign.url, tsgID: '1', credentialsRef: { name: 'absent' } } },
      },
    };
    await apply(
      target,
      Object.entries(controls).map(([name, spec]) => ({
        apiVersion: 'cert-manager.io/v1',
        kind: 'Issuer',
        metadata: { namespace: 'issuers', name },
        spec,
      })),
    );
    const messages = async () => {
      const states = await issuerStates(target);
      return Object.keys(controls).map((name) => states.get(`Issuer/issuers/${name}`)?.message ?? '');
    };
    await until(async () => (await messages()).every((message) => message !== ''));
    for (const message of await messages()) expect(message).toMatch(ABOUT_A_SECRET);
  });
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within 30 s: ${condition}`);
    await sleep(200);
  }
}

/** In a few words, and without addresses of the machine that it ran on. */
function restoredState(state: IssuerState | undefined): string {
  if (state === undefined) return 'not looked at';
  if (state.ready === 'True') return 'Ready';
  if (ABOUT_A_SECRET.test(state.message)) return 'Secret missing';
  return /no such host|unknown authority|dial tcp|timeout/.test(state.message) ? 'server out of reach' : 'not Ready';
}

/** The table, row by row: printed, and written to test/results/references.json by `npm run references`. */
afterAll(() => {
  if (index === undefined) return;
  const rows = EXPECTED.map((expected) => ({
    path: expected.path,
    kind: expected.kind,
    scope: expected.scope,
    tutorial: expected.scope !== 'Certificate' && TUTORIAL.includes(expected.path),
    expected: idOf(expected),
    found: isFound(expected),
    decoys: decoysOf(expected).length,
    decoysCaptured: decoysOf(expected).filter((decoy) => secrets.has(decoy)).length,
    restored: expected.scope === 'Certificate' ? 'see the verdict' : restoredState(after.get(expected.holder)),
  }));
  console.log(
    rows
      .map((r) =>
        [
          r.path.padEnd(82),
          r.kind.padEnd(14),
          r.scope.padEnd(13),
          r.expected.padEnd(44),
          (r.found ? (r.kind === 'Secret' ? 'captured' : 'listed') : 'MISSING').padEnd(8),
          `decoys ${r.decoysCaptured} of ${r.decoys}`,
          r.restored,
        ].join(' '),
      )
      .join('\n'),
  );
  if (process.env.CERTKEEP_RESULTS === '1') {
    writeResult('references', {
      rowsOfTheTable: REFERENCE_PATHS.length + 1,
      issuers: PLACED.length,
      secretsExpected: new Set(EXPECTED.filter(({ kind }) => kind === 'Secret').map(idOf)).size,
      secretsCaptured: secrets.size,
      decoys: allDecoys().length,
      decoysCaptured: allDecoys().filter((decoy) => secrets.has(decoy)).length,
      acmeAccounts: { beforeTheRestore: registered, afterIt: pebble.registrations() },
      rows,
    });
  }
});
