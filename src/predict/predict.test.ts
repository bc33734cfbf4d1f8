import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  ContentsBuilder,
  certificateObject,
  clusterIssuer,
  leafSecretObject,
  pairFor,
  soundContents,
  writeOptions,
} from '../../test/fixtures/backups/contents.ts';
import { makePair, type PairOptions } from '../../test/fixtures/backups/x509.ts';
import { writeBackup } from '../archive/write.ts';
import type { Certificate, KubeObject } from '../model/objects.ts';
import { silent } from '../model/progress.ts';
import type { Report } from '../model/report.ts';
import { type PredictRequest, predict } from './predict.ts';

const NOW = new Date('2026-06-11T12:00:00Z');
const DAY = 86_400_000;
const root = mkdtempSync(join(tmpdir(), 'certkeep-predict-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

function file(content: string, ending = 'json'): string {
  const path = join(root, `${++count}.${ending}`);
  writeFileSync(path, content);
  return path;
}

const list = (objects: unknown[]): string => file(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));

async function run(paths: string | string[], extra: Partial<PredictRequest> = {}): Promise<Report> {
  return predict({
    source: { paths: [paths].flat(), identities: [] },
    namespaces: [],
    currentVersion: '1.21.2',
    horizonMs: 30 * DAY,
    failOnReissue: false,
    failOnRenewal: false,
    clock: { now: () => NOW },
    progress: silent,
    toolVersion: '0.1.0',
    ...extra,
  });
}

/** A Certificate and its Secret, as cert-manager leaves them, but for what the test spoils. */
function issued(name: string, spec: Partial<Certificate['spec']> = {}, pair: PairOptions = {}): KubeObject[] {
  const certificate = certificateObject('app', name, spec);
  return [certificate, leafSecretObject(certificate, makePair({ dnsNames: certificate.spec.dnsNames ?? [], ...pair }))];
}
const fates = (report: Report) => report.certificates.map((c) => [c.name, c.prediction, c.reason]);
const codes = (report: Report) => report.problems.map((p) => `${p.severity} ${p.code}`);
const NO_REQUESTS = 'warning undecidable';

describe('manifests', () => {
  it('says by urgency what is reissued, what renews, and when', async () => {
    const report = await run(
      list([
        ...issued('later'),
        ...issued('soon', {}, { notAfter: new Date('2026-10-20T00:00:00Z') }),
        ...issued('due', {}, { notAfter: new Date('2026-07-01T00:00:00Z') }),
        ...issued('wrong', {}, { dnsNames: ['other.example.com'] }),
        certificateObject('app', 'bare'),
      ]),
      { horizonMs: 90 * DAY },
    );
    expect(fates(report)).toEqual([
      ['bare', 'reissue', 'DoesNotExist'],
      ['wrong', 'reissue', 'SecretMismatch'],
      ['due', 'reissue', 'Renewing'],
      ['soon', 'keep', ''],
      ['later', 'keep', ''],
    ]);
    expect(report).toMatchObject({ command: 'predict', verdict: 'reissue', exitCode: 0 });
    expect(report.forecast?.weeks.map(({ renewals }) => renewals).reduce((a, b) => a + b)).toBe(2);
    expect(report.forecast?.until).toBe('2026-09-09T12:00:00Z');
  });

  it('ends with 3 only where asked to, and tells a renewal from a reissue', async () => {
    const wrong = list(issued('wrong', {}, { dnsNames: ['other.example.com'] }));
    expect((await run(wrong)).exitCode).toBe(0);
    expect((await run(wrong, { failOnReissue: true })).exitCode).toBe(3);
    const due = list(issued('due', {}, { notAfter: new Date('2026-07-01T00:00:00Z') }));
    expect((await run(due, { failOnReissue: true })).exitCode).toBe(0);
    expect((await run(due, { failOnRenewal: true })).exitCode).toBe(3);
    const soon = list(issued('soon', {}, { notAfter: new Date('2026-10-20T00:00:00Z') }));
    expect(await run(soon, { failOnRenewal: true })).toMatchObject({ exitCode: 0, verdict: 'keep' });
    expect(await run(soon, { failOnRenewal: true, horizonMs: 90 * DAY })).toMatchObject({
      exitCode: 3,
      verdict: 'keep',
    });
  });

  it('one broken object makes its own Certificates undecidable, with file and line, and no others', async () => {
    const [one, oneSecret] = issued('one') as [KubeObject, KubeObject];
    const [two, twoSecret] = issued('two') as [KubeObject, KubeObject];
    const bad = { ...twoSecret, data: { ...(twoSecret.data as object), 'ca.crt': 'not base64!' } };
    const path = list([one, { ...certificateObject('app', 'bare'), spec: undefined }, two, bad, oneSecret]);
    const report = await run(path);
    expect(fates(report).sort()).toEqual([
      ['bare', 'undecidable', ''],
      ['one', 'keep', ''],
      ['two', 'undecidable', ''],
    ]);
    expect(report).toMatchObject({ exitCode: 4, verdict: 'undecidable' });
    const found = report.problems.filter(({ code }) => code === 'bad-manifest');
    expect(found.map(({ object }) => object).sort()).toEqual(['Certificate/app/bare', 'Secret/app/two-tls']);
    for (const { message, fix } of found) {
      expect(message).toContain(`${path} line `);
      expect(message).not.toContain('not base64!');
      expect(fix).not.toBe('');
    }
  });

  it('takes nothing for absent that a broken part may hold', async () => {
    const [one, secret] = issued('one') as [KubeObject, KubeObject];
    const [two] = issued('two') as [KubeObject];
    const text = JSON.stringify({ kind: 'List', apiVersion: 'v1', items: [one, two, secret] });
    const report = await run(file(text.slice(0, -20)));
    expect(report.exitCode).toBe(4);
    expect(fates(report).map(([name, fate]) => [name, fate])).toEqual([
      ['one', 'undecidable'],
      ['two', 'undecidable'],
    ]);
    expect(report.certificates[0]?.message).toContain('may be in it');
  });

  it('an object that stands twice and differs is not decided', async () => {
    const [one, secret] = issued('one') as [KubeObject, KubeObject];
    const other = certificateObject('app', 'one', { dnsNames: ['x.example.com'] });
    expect(await run(list([one, secret, one]))).toMatchObject({ exitCode: 0, verdict: 'keep' });
    const report = await run([list([one, secret]), list([other])]);
    expect(report).toMatchObject({ exitCode: 4, verdict: 'undecidable' });
    expect(report.certificates).toHaveLength(1);
  });

  it('narrows by namespace and labels, and looks at the others all the same', async () => {
    const [web, secret] = issued('web') as [KubeObject, KubeObject];
    const older = certificateObject('app', 'older', { secretName: 'web-tls' });
    web.metadata.labels = { team: 'a' };
    const path = list([web, secret, older]);
    const report = await run(path, { selector: 'team=a' });
    expect(fates(report)).toEqual([['web', 'keep', '']]);
    expect(fates(await run(path, { namespaces: ['elsewhere'] }))).toEqual([]);
    expect(codes(await run(path, { namespaces: ['elsewhere'] }))).toContain('warning nothing-found');
    await expect(run(path, { selector: 'a b' })).rejects.toMatchObject({ code: 'wrong-usage' });
  });

  it('counts an object without a namespace as one in default', async () => {
    const [certificate, secret] = issued('web') as [KubeObject, KubeObject];
    delete certificate.metadata.namespace;
    secret.metadata.namespace = 'default';
    expect(fates(await run(list([certificate, secret])))).toEqual([['web', 'keep', '']]);
  });

  it('says by which rules it judged', async () => {
    const path = list(issued('web'));
    const unknown = await run(path, { currentVersion: undefined as never });
    expect(unknown.forecast?.rules).toEqual({ version: '1.21.2', known: true, assumed: true });
    expect(unknown.problems.some((p) => p.severity === 'note' && p.message.includes('1.21.2'))).toBe(true);
    const newer = await run(path, { currentVersion: 'v1.40.0' });
    expect(newer.forecast?.rules).toEqual({ version: '1.40.0', known: false, assumed: false });
    expect(newer.problems.some((p) => p.severity === 'warning' && p.message.includes('newer'))).toBe(true);
    await expect(run(path, { currentVersion: '1.10.2' })).rejects.toMatchObject({ code: 'unsupported-cert-manager' });
    await expect(run(path, { certManagerVersion: 'latest' })).rejects.toMatchObject({ code: 'wrong-usage' });
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'cert-manager', namespace: 'cert-manager' },
      spec: {
        template: { spec: { containers: [{ name: 'cert-manager-controller', image: 'quay.io/x/y:v1.17.4' }] } },
      },
    };
    const limited = structuredClone(deployment);
    Object.assign(limited.spec.template.spec.containers[0] ?? {}, {
      image: 'quay.io/x/y:v1.21.2',
      args: ['--max-private-key-size=10'],
    });
    const tight = await run(list([...issued('web'), limited]), { currentVersion: undefined as never });
    expect(tight.certificates).toMatchObject([{ prediction: 'reissue', reason: 'InvalidKeyPair' }]);
    const read = await run(list([...issued('web'), deployment]), { currentVersion: undefined as never });
    expect(read).toMatchObject({ certManager: 'v1.17.4', forecast: { rules: { version: '1.17.4', assumed: false } } });
  });

  it('says that what decides was most likely not exported', async () => {
    expect(codes(await run(list(issued('web'))))).toEqual([NO_REQUESTS]);
    const report = await run(list([certificateObject('app', 'web')]));
    expect(report.problems[0]?.message).toContain('no Secrets and no CertificateRequests');
  });
});

describe('an upgrade', () => {
  it('tells what it reissues from what is reissued anyway, and names the hazards once', async () => {
    const bare = issued('bare', { issuerRef: { name: 'ca', kind: 'ClusterIssuer' } });
    const wrong = issued(
      'wrong',
      { keystores: { jks: { create: true, password: 'hunter2' } } },
      { dnsNames: ['x.example.com'] },
    );
    const report = await run(list([...bare, ...wrong]), { currentVersion: 'v1.17.4', certManagerVersion: '1.19.0' });
    const { upgrade } = report.forecast ?? {};
    expect(upgrade).toMatchObject({ from: '1.17.4', to: '1.19.0', reissued: [] });
    expect(report.certificates.find(({ name }) => name === 'wrong')).toMatchObject({
      prediction: 'reissue',
      upgrade: { before: 'reissue', after: 'reissue', reissued: false },
    });
    const rotation = upgrade?.hazards.find(({ code }) => code === 'rotation-policy-default');
    expect(rotation).toMatchObject({ effect: 'next-issuance', certificates: 2 });
    expect(rotation?.diff.split('\n').filter((line) => /^[+-]/.test(line))).toEqual([
      '--- Certificate app/wrong',
      '+++ Certificate app/wrong',
      '+    rotationPolicy: Never',
    ]);
    expect(JSON.stringify(report)).not.toContain('hunter2');
  });

  it('names the issuers whose renewals it stops, with the Certificates that they have', async () => {
    const solver = { acme: { solvers: [{ http01: { ingress: {} } }] } };
    const acme = clusterIssuer('acme', solver);
    const web = issued('web', { issuerRef: { name: 'acme', kind: 'ClusterIssuer' } });
    const report = await run(list([...web, ...issued('other'), acme]), {
      currentVersion: '1.17.4',
      certManagerVersion: '1.18.2',
    });
    const hazard = report.forecast?.upgrade?.hazards.find(({ code }) => code === 'http01-path-type');
    expect(hazard).toMatchObject({
      level: 'issuer',
      effect: 'renewal',
      certificates: 1,
      examples: ['ClusterIssuer/acme'],
      diff: '',
    });
    expect(hazard?.url).toContain('/7767');
  });

  it('without a version to start from, judges by the other one and says so', async () => {
    const report = await run(list(issued('web')), { currentVersion: undefined as never, certManagerVersion: '1.19.0' });
    expect(report.forecast?.upgrade).toBeUndefined();
    expect(report.forecast?.rules).toEqual({ version: '1.19.0', known: true, assumed: false });
    expect(report.problems.some((p) => p.fix.includes('--current-version'))).toBe(true);
  });
});

describe('a backup', () => {
  it('is judged as its cluster was when it was made', async () => {
    const { path } = await writeBackup(writeOptions(join(root, `backup-${++count}`), soundContents()));
    const report = await run(path, { currentVersion: undefined as never });
    expect(report).toMatchObject({ certManager: 'v1.21.2', verdict: 'keep', backup: { path } });
    expect(
      fates(report)
        .map(([name]) => name)
        .sort(),
    ).toEqual(['api', 'root', 'shop', 'web']);
    await expect(run([path, path])).rejects.toMatchObject({ code: 'wrong-usage' });
  });

  it("is judged under the controller's flags that it recorded", async () => {
    const options = writeOptions(join(root, `backup-${++count}`), soundContents());
    const certManager = { ...options.header.certManager, flags: ['--max-private-key-size=10'] };
    const { path } = await writeBackup({ ...options, header: { ...options.header, certManager } });
    const report = await run(path, { currentVersion: undefined as never, certManagerVersion: '1.19.4' });
    expect(new Set(report.certificates.map((c) => c.upgrade?.before))).toEqual(new Set(['reissue']));
    expect(new Set(report.certificates.map((c) => c.prediction))).toEqual(new Set(['keep']));
    expect(report.forecast?.upgrade?.hazards).toContainEqual(
      expect.objectContaining({ code: 'controller-flag-unknown', level: 'cluster', certificates: 0, examples: [] }),
    );
  });

  it('without Secrets cannot be decided', async () => {
    const web = certificateObject('app', 'web');
    const builder = new ContentsBuilder()
      .namespace('app')
      .issuer(clusterIssuer('ca', { ca: { secretName: 'root-ca' } }))
      .certificate(web, pairFor(web));
    builder.contents.index = builder.contents.index.filter((e) => e.kind !== 'Secret');
    builder.contents.secrets = [];
    const options = writeOptions(join(root, `backup-${++count}`), builder);
    const header = { ...options.header, secrets: 'none' as const, restorable: false };
    const { path } = await writeBackup({ ...options, header });
    expect(await run(path)).toMatchObject({ verdict: 'undecidable', exitCode: 0 });
    expect(await run(path, { failOnReissue: true })).toMatchObject({ exitCode: 8 });
  });
});
