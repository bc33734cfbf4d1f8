import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../src/model/objects.ts';
import type { CertificateReport, Report } from '../../src/model/report.ts';
import { startCluster, type TestCluster } from '../cluster/api.ts';
import { gatewayApiModule } from '../cluster/build.ts';
import { certkeep } from '../support/bundle.ts';
import { apply, certificates, waitReady } from '../support/company.ts';

/**
 * What `certkeep predict` says that Ingresses and Gateways will do to their Certificates, against what the real
 * controllers then do: as things stand, and by an upgrade.
 */

const FROM = '1.18.2';
const TO = '1.21.2';
let cluster: TestCluster;

async function predict(args: string[], code: number): Promise<Report> {
  const result = await certkeep(['predict', '--kubeconfig', cluster.kubeconfig, ...args, '--json']);
  expect(result.code, result.stderr).toBe(code);
  return JSON.parse(result.stdout) as Report;
}
const names = (all: readonly { name: string }[]): string[] => all.map(({ name }) => name).sort();
const reissued = (report: Report): CertificateReport[] =>
  report.certificates.filter(({ prediction }) => prediction === 'reissue');

function ingress(name: string, annotations: Record<string, string> = {}): KubeObject {
  const backend = { service: { name: 'web', port: { number: 80 } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { namespace: 'shop', name, annotations: { 'cert-manager.io/cluster-issuer': 'self', ...annotations } },
    spec: { tls: [{ hosts: [`${name}.example.com`], secretName: `${name}-tls` }], defaultBackend: backend },
  };
}

const patch = (kind: string, name: string, body: object): Promise<unknown> =>
  cluster.kubectl(['patch', kind, '-n', 'shop', name, '--type=merge', '-p', JSON.stringify(body)]);

/** Waits until the Certificate is there and the field has that value. */
async function until(name: string, path: string, value: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const args = ['get', 'certificate', '-n', 'shop', name, '--ignore-not-found', `-o=jsonpath={${path}}`];
    const { stdout } = await cluster.kubectl(args);
    if (stdout === value) return;
    if (Date.now() > deadline) throw new Error(`${name}: ${path} is ${stdout}, not ${value}, after a minute`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
const untilRevision = (name: string, revision: number): Promise<void> =>
  until(name, '.status.revision', String(revision));

async function revisions(): Promise<Record<string, number | undefined>> {
  return Object.fromEntries((await certificates(cluster)).map(({ name, revision }) => [name, revision]));
}

/** The messages of the Issuing events, that is of the trigger controller. */
async function issuing(name: string): Promise<string[]> {
  const { stdout } = await cluster.kubectl(['get', 'events', '-n', 'shop', '-o', 'json']);
  const { items } = JSON.parse(stdout) as {
    items: { reason: string; message: string; involvedObject: { name: string; kind: string } }[];
  };
  return items
    .filter(({ reason, involvedObject: o }) => reason === 'Issuing' && o.kind === 'Certificate' && o.name === name)
    .map(({ message }) => message);
}

beforeAll(async () => {
  cluster = await startCluster('shim', { certManager: FROM });
  await apply(cluster, [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
    { apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer', metadata: { name: 'self' }, spec: { selfSigned: {} } },
  ]);
  await apply(cluster, [
    ingress('plain'),
    ingress('host'),
    ingress('label'),
    ingress('algorithm'),
    ingress('new-duration'),
    ingress('other-duration', { 'cert-manager.io/duration': '480h' }),
    ingress('alt-names', { 'cert-manager.io/alt-names': 'more.example.com' }),
    ingress('unreadable'),
    ingress('leaving'),
  ]);
  await waitReady(cluster, 9);
});
afterAll(async () => {
  await cluster?.stop();
});

describe('as things stand', () => {
  it('keeps what the shim has just made', async () => {
    const report = await predict(['--fail-on-reissue'], 0);
    expect(report.verdict).toBe('keep');
    expect(report.certificates).toHaveLength(9);
  });

  it('predicts what the controller does when it comes back to Ingresses that were edited', async () => {
    await cluster.certManager('stop');
    const tls = (name: string, ...more: string[]): object => ({
      spec: { tls: [{ hosts: [`${name}.example.com`, ...more], secretName: `${name}-tls` }] },
    });
    const annotate = (name: string, value: Record<string, string>): Promise<unknown> =>
      patch('ingress', name, { metadata: { annotations: value } });
    await patch('ingress', 'host', tls('host', 'second.example.com'));
    await patch('ingress', 'label', { metadata: { labels: { team: 'a' } } });
    await annotate('algorithm', { 'cert-manager.io/private-key-algorithm': 'ECDSA' });
    await annotate('new-duration', { 'cert-manager.io/duration': '240h' });
    await annotate('other-duration', { 'cert-manager.io/duration': '240h' });
    await annotate('unreadable', {
      'cert-manager.io/duration': 'soon',
      'cert-manager.io/common-name': 'x.example.com',
    });
    await patch('ingress', 'leaving', { spec: { tls: [{ hosts: ['leaving.example.com'], secretName: 'left-tls' }] } });

    const report = await predict(['--fail-on-reissue'], 3);
    expect(names(reissued(report))).toEqual(['algorithm-tls', 'host-tls', 'left-tls']);
    const host = report.certificates.find(({ name }) => name === 'host-tls');
    expect(host).toMatchObject({
      reason: 'RequestChanged',
      maker: { object: 'Ingress/shop/host', action: 'update', changes: ['spec.dnsNames'] },
    });
    expect(report.certificates.find(({ name }) => name === 'left-tls')?.maker?.action).toBe('create');
    const said = report.problems.filter(({ code }) => code === 'maker-ignored' || code === 'made-by-another-object');
    expect(said.map(({ code, object }) => [code, object]).sort()).toEqual([
      ['made-by-another-object', 'Certificate/shop/leaving-tls'],
      ['maker-ignored', 'Ingress/shop/unreadable'],
    ]);

    await cluster.certManager(FROM);
    await Promise.all([untilRevision('host-tls', 2), untilRevision('algorithm-tls', 2), untilRevision('left-tls', 1)]);
    await until('label-tls', '.metadata.labels.team', 'a');
    expect(await revisions()).toEqual({
      'plain-tls': 1,
      'host-tls': 2,
      'label-tls': 1,
      'algorithm-tls': 2,
      'new-duration-tls': 1,
      'other-duration-tls': 1,
      'alt-names-tls': 1,
      'unreadable-tls': 1,
      'left-tls': 1,
    });
    expect(await issuing('host-tls')).toContain(host?.message);
    expect((await predict(['--fail-on-reissue'], 0)).verdict).toBe('keep');
  });
});

describe(`an upgrade from ${FROM} to ${TO}`, () => {
  it('reissues exactly what was predicted, and says which change upstream it is', async () => {
    const report = await predict(['--cert-manager-version', TO], 0);
    const upgrade = report.forecast?.upgrade;
    expect(upgrade?.reissued.toSorted()).toEqual(['shop/alt-names-tls', 'shop/other-duration-tls']);
    const shim = upgrade?.hazards.filter(({ code }) => code.startsWith('shim-'));
    // A duration where there was none is not compared with the certificate in place (RequestMatchesSpec).
    expect(shim?.map(({ code, effect, examples }) => [code, effect, examples]).sort()).toEqual([
      ['shim-alt-names', 'reissue', ['shop/alt-names-tls']],
      ['shim-durations', 'next-issuance', ['shop/new-duration-tls']],
      ['shim-durations', 'reissue', ['shop/other-duration-tls']],
    ]);

    const before = await revisions();
    await cluster.certManager(TO);
    await Promise.all([untilRevision('alt-names-tls', 2), untilRevision('other-duration-tls', 2)]);
    await until('new-duration-tls', '.spec.duration', '240h0m0s');
    expect(await revisions()).toEqual({ ...before, 'alt-names-tls': 2, 'other-duration-tls': 2 });
    expect(await issuing('alt-names-tls')).toContain(
      report.certificates.find(({ name }) => name === 'alt-names-tls')?.message,
    );
    expect((await predict(['--fail-on-reissue'], 0)).verdict).toBe('keep');
  });
});

describe('a Gateway', () => {
  const gateway = (hosts: Record<string, string>): KubeObject => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { namespace: 'shop', name: 'edge', annotations: { 'cert-manager.io/cluster-issuer': 'self' } },
    spec: {
      gatewayClassName: 'none',
      listeners: Object.entries(hosts).map(([name, hostname]) => ({
        name,
        hostname,
        port: 443,
        protocol: 'HTTPS',
        tls: { certificateRefs: [{ name: `edge-${name}` }] },
      })),
    },
  });

  it('is predicted where the Gateway API is turned on, and only there', async () => {
    const crds = join(await gatewayApiModule(TO), 'config/crd/standard');
    await cluster.kubectl(['apply', '--server-side', '-f', join(crds, 'gateway.networking.k8s.io_gateways.yaml')]);
    await cluster.kubectl(['apply', '--server-side', '-f', join(crds, 'gateway.networking.k8s.io_httproutes.yaml')]);
    await cluster.kubectl(['wait', 'crd', 'gateways.gateway.networking.k8s.io', '--for=condition=Established']);
    await apply(cluster, [gateway({ one: 'one.example.com', two: 'two.example.com' })]);
    expect((await predict(['--fail-on-reissue'], 0)).verdict).toBe('keep');

    await cluster.certManager(TO, { values: { extraArgs: ['--enable-gateway-api=true'] } });
    await Promise.all([untilRevision('edge-one', 1), untilRevision('edge-two', 1)]);
    expect((await predict(['--fail-on-reissue'], 0)).verdict).toBe('keep');

    await cluster.certManager('stop');
    await apply(cluster, [gateway({ one: 'one.example.com', two: 'changed.example.com' })]);
    const report = await predict(['--fail-on-reissue'], 3);
    expect(reissued(report).map(({ name, maker }) => [name, maker?.object])).toEqual([
      ['edge-two', 'Gateway/shop/edge'],
    ]);
    await cluster.certManager(TO, { values: { extraArgs: ['--enable-gateway-api=true'] } });
    await untilRevision('edge-two', 2);
    expect((await revisions())['edge-one']).toBe(1);
  });
});
