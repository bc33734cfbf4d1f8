import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { certificateObject, leafSecretObject } from '../../test/fixtures/backups/contents.ts';
import { makePair } from '../../test/fixtures/backups/x509.ts';
import { ApiError, type Cluster } from '../cluster/client.ts';
import type { ResourceKind } from '../model/kinds.ts';
import type { Certificate, KubeObject } from '../model/objects.ts';
import { silent } from '../model/progress.ts';
import type { Report } from '../model/report.ts';
import { readMakers } from './makers.ts';
import { type PredictRequest, predict } from './predict.ts';
import { shimFlagsOf } from './shim-flags.ts';

const root = mkdtempSync(join(tmpdir(), 'certkeep-predict-shim-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

async function run(objects: KubeObject[], extra: Partial<PredictRequest> = {}): Promise<Report> {
  const path = join(root, `${++count}.json`);
  writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  return predict({
    source: { paths: [path], identities: [] },
    namespaces: [],
    currentVersion: '1.21.2',
    horizonMs: 86_400_000,
    failOnReissue: true,
    failOnRenewal: false,
    clock: { now: () => new Date('2026-06-11T12:00:00Z') },
    progress: silent,
    toolVersion: '0.1.0',
    ...extra,
  });
}

const HOSTS = ['web.example.com'];

function ingress(
  hosts: string[],
  annotations: Record<string, string> = {},
  labels?: Record<string, string>,
): KubeObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name: 'web',
      namespace: 'app',
      uid: 'ingress-uid',
      annotations: {
        'cert-manager.io/cluster-issuer': 'ca',
        'cert-manager.io/private-key-algorithm': 'ECDSA',
        'cert-manager.io/private-key-size': '256',
        ...annotations,
      },
      ...(labels === undefined ? {} : { labels }),
    },
    spec: { tls: [{ hosts, secretName: 'web-tls' }] },
  };
}

/** A Certificate that the Ingress has made, and the Secret that it was issued into. */
function made(spec: Partial<Certificate['spec']> = {}, issuedFor = HOSTS): [Certificate, KubeObject] {
  const base = certificateObject('app', 'web-tls', {
    dnsNames: HOSTS,
    secretName: 'web-tls',
    issuerRef: { name: 'ca', kind: 'ClusterIssuer', group: 'cert-manager.io' },
    usages: ['digital signature', 'key encipherment'],
    ...spec,
  });
  const certificate = {
    ...base,
    metadata: {
      ...base.metadata,
      ownerReferences: [
        { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'web', uid: 'ingress-uid', controller: true },
      ],
    },
  } as Certificate;
  delete certificate.metadata.labels;
  return [certificate, leafSecretObject(certificate, makePair({ dnsNames: issuedFor }))];
}

describe('what an Ingress does to its Certificate', () => {
  it('is predicted where it reissues, and the Ingress is named', async () => {
    const report = await run([...made(), ingress([...HOSTS, 'more.example.com'])]);
    expect(report.certificates).toMatchObject([
      {
        name: 'web-tls',
        prediction: 'reissue',
        reason: 'SecretMismatch',
        maker: { object: 'Ingress/app/web', action: 'update', changes: ['spec.dnsNames'] },
      },
    ]);
    expect(report).toMatchObject({ verdict: 'reissue', exitCode: 3 });
    expect(report.problems.find(({ code }) => code === 'would-be-reissued')?.message).toContain(
      'Ingress/app/web changes it (spec.dnsNames)',
    );
  });

  it('keeps what is as the Ingress says, and what it changes without a reissue', async () => {
    for (const maker of [ingress(HOSTS), ingress(HOSTS, {}, { team: 'a' })]) {
      const report = await run([...made(), maker]);
      expect(report.certificates).toMatchObject([{ name: 'web-tls', prediction: 'keep' }]);
      expect(report.certificates[0]?.maker).toBeUndefined();
      expect(report.exitCode).toBe(0);
    }
  });

  it('is left open where only the Ingress would save it', async () => {
    const report = await run([...made({ dnsNames: ['by-hand.example.com'] }, HOSTS), ingress(HOSTS)]);
    expect(report.certificates[0]).toMatchObject({ prediction: 'undecidable', maker: { action: 'update' } });
    expect(report.exitCode).toBe(8);
  });

  it('makes a Certificate that is not there, from the Secret that is', async () => {
    const [, secret] = made();
    const kept = await run([secret, ingress(HOSTS)]);
    expect(kept.certificates).toMatchObject([{ namespace: 'app', name: 'web-tls', prediction: 'keep' }]);
    const reissued = await run([secret, ingress(['other.example.com'])]);
    expect(reissued.certificates).toMatchObject([
      { name: 'web-tls', prediction: 'reissue', maker: { object: 'Ingress/app/web', action: 'create', changes: [] } },
    ]);
    expect((await run([secret, ingress(HOSTS)], { namespaces: ['elsewhere'] })).certificates).toEqual([]);
  });

  it('is said where cert-manager does nothing, or deletes it', async () => {
    const wrong = await run([...made(), ingress(HOSTS, { 'cert-manager.io/duration': 'soon' })]);
    expect(wrong.problems.map(({ code }) => code)).toContain('maker-ignored');
    expect(wrong.certificates[0]?.prediction).toBe('keep');
    const renamed = ingress(HOSTS);
    (renamed.spec as { tls: { secretName: string }[] }).tls = [{ secretName: 'renamed' }];
    const deleted = await run([...made(), renamed]);
    expect(deleted.problems.find(({ code }) => code === 'made-by-another-object')?.message).toContain('deletes it');
  });
});

describe('an upgrade', () => {
  it('is blamed for what the other shim changes, with the change upstream', async () => {
    const objects = [...made(), ingress(HOSTS, { 'cert-manager.io/alt-names': 'more.example.com' })];
    const report = await run(objects, { currentVersion: '1.20.2', certManagerVersion: '1.21.2' });
    expect(report.certificates[0]?.upgrade).toMatchObject({
      before: 'keep',
      after: 'reissue',
      reissued: true,
      hazards: ['shim-alt-names'],
    });
    expect(report.forecast?.upgrade).toMatchObject({ reissued: ['app/web-tls'] });
    const hazard = report.forecast?.upgrade?.hazards.find(({ code }) => code === 'shim-alt-names');
    expect(hazard).toMatchObject({ effect: 'reissue', certificates: 1 });
    const same = await run(objects, { currentVersion: '1.21.0', certManagerVersion: '1.21.2' });
    expect(same.certificates[0]?.upgrade).toMatchObject({ before: 'reissue', reissued: false, hazards: [] });
  });

  it('names what is replaced without a reissue, too', async () => {
    const objects = [...made({ duration: '2160h' }), ingress(HOSTS, { 'cert-manager.io/duration': '2000h' })];
    const report = await run(objects, { currentVersion: '1.19.0', certManagerVersion: '1.20.0' });
    expect(report.certificates[0]).toMatchObject({
      prediction: 'keep',
      upgrade: { reissued: false, hazards: expect.arrayContaining(['shim-durations']) },
    });
    const effect = report.forecast?.upgrade?.hazards.find(({ code }) => code === 'shim-durations')?.effect;
    expect(effect).toBe('next-issuance');
  });
});

describe('the controller’s settings', () => {
  const of = (flags: string[], version = '1.21.2'): unknown => shimFlagsOf(flags, true, version);

  it('turn shims on and off by release', () => {
    expect(of([])).toMatchObject({
      ingresses: true,
      gateways: false,
      listenerSets: false,
      defaultIssuerKind: 'Issuer',
    });
    expect(of(['--enable-gateway-api'])).toMatchObject({ gateways: true });
    expect(of(['--enable-gateway-api=false'])).toMatchObject({ gateways: false });
    expect(of(['--enable-gateway-api=true', '--enable-gateway-api-listenerset=true'])).toMatchObject({
      gateways: true,
      listenerSets: false,
    });
    const all = [
      '--enable-gateway-api=true',
      '--enable-gateway-api-listenerset=true',
      '--feature-gates=ListenerSets=true',
    ];
    expect(of(all)).toMatchObject({ gateways: true, listenerSets: true });
    expect(of(['--feature-gates=ExperimentalGatewayAPISupport=true'], '1.14.7')).toMatchObject({ gateways: true });
    expect(of(['--controllers=*,-ingress-shim'])).toMatchObject({ ingresses: false });
    expect(of(['--controllers=certificates-issuing'])).toMatchObject({ ingresses: false });
    expect(of(['--controllers=-gateway-shim', '--enable-gateway-api=true'])).toMatchObject({
      ingresses: true,
      gateways: false,
    });
  });

  it('are read as lists, and count as all on where they are not known', () => {
    expect(of(['--extra-certificate-annotations=a,b', '--extra-certificate-annotations=c'])).toMatchObject({
      extraCertificateAnnotations: ['a', 'b', 'c'],
    });
    expect(shimFlagsOf([], false, '1.21.2')).not.toHaveProperty('gateways');
  });
});

describe('reading the makers of a cluster', () => {
  /** A cluster that refuses, or has, these lists; all others are not installed. */
  function labelledCluster(lists: Record<string, number | string[]>, served: string[] = []): Cluster {
    return {
      async getPath(path: string) {
        const kinds = served.filter((kind) => path === `/apis/${kind.slice(0, kind.lastIndexOf('/'))}`);
        if (kinds.length === 0) throw new ApiError({ status: 404, path, verb: 'get' });
        return { resources: kinds.map((kind) => ({ name: kind.slice(kind.lastIndexOf('/') + 1) })) };
      },
      async list({ group, version, plural }: ResourceKind) {
        const found = lists[`${group}/${version}/${plural}`] ?? 404;
        if (typeof found === 'number') throw new ApiError({ status: found, path: '', verb: 'list' });
        return { items: found.map((name) => ({ metadata: { name, namespace: 'a' } })), resourceVersion: '1' };
      },
    } as unknown as Cluster;
  }

  it('takes an absent kind for none, an older one too, and says what is forbidden', async () => {
    const { makers, problems } = await readMakers(
      labelledCluster({ 'networking.k8s.io/v1/ingresses': 403, 'gateway.networking.k8s.io/v1beta1/gateways': ['gw'] }, [
        'networking.k8s.io/v1/ingresses',
      ]),
      [],
    );
    expect(makers.map(({ metadata }) => metadata.name)).toEqual(['gw']);
    expect(problems.map(({ code, severity }) => [code, severity])).toEqual([['forbidden', 'warning']]);
  });

  it('takes a refusal about a kind that is not installed for none', async () => {
    const { problems } = await readMakers(
      labelledCluster({ 'networking.k8s.io/v1/ingresses': [], 'gateway.networking.k8s.io/v1/gateways': 403 }),
      [],
    );
    expect(problems).toEqual([]);
  });
});
