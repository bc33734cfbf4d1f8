import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCluster, type TestCluster } from './api.ts';
import type { Pebble } from './pebble.ts';

/** A real ACME server beside a real cert-manager: no kubelet runs a solver and no DNS leads to it. */

const START_MS = 900_000; // the first start builds everything
const CERT_MANAGER = '/apis/cert-manager.io/v1';
const MAC_KEY = Buffer.from('an external account of the tests').toString('base64url');

let cluster: TestCluster;
let pebble: Pebble;
beforeAll(async () => {
  cluster = await startCluster('pebble');
  pebble = await cluster.pebble({ externalAccounts: { 'kid-1': MAC_KEY } });
}, START_MS);
afterAll(() => cluster?.stop());

/** `kind` is ClusterIssuer or Issuer, the latter in namespace default. */
const acmeIssuer = (kind: string, name: string, more: Record<string, unknown> = {}) => ({
  apiVersion: 'cert-manager.io/v1',
  kind,
  metadata: { name },
  spec: {
    acme: {
      server: pebble.directoryUrl,
      caBundle: Buffer.from(pebble.ca).toString('base64'),
      privateKeySecretRef: { name: `${name}-account` },
      // cert-manager's own look whether the solver answers would never succeed; it can be waived since 1.21.
      solvers: [{ http01: { ingress: { ingressClassName: 'none' } }, waitInsteadOfSelfCheck: '0s' }],
      ...more,
    },
  },
});

describe('Pebble', () => {
  test('issues a Certificate to cert-manager', async () => {
    expect([pebble.registrations(), pebble.newAccountCalls(), pebble.calls()]).toEqual([0, 0, 0]);
    await cluster.api.call('POST', `${CERT_MANAGER}/clusterissuers`, acmeIssuer('ClusterIssuer', 'acme'));
    const issuer = await ready(`${CERT_MANAGER}/clusterissuers/acme`);
    expect(issuer.acme?.uri).toMatch(new RegExp(`^${new URL(pebble.directoryUrl).origin}/my-account/`));
    expect(pebble.registrations()).toBe(1);

    await cluster.api.call('POST', `${CERT_MANAGER}/namespaces/default/certificates`, {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: 'site' },
      spec: {
        secretName: 'site-tls',
        dnsNames: ['site.example.com', 'www.site.example.com'],
        issuerRef: { kind: 'ClusterIssuer', name: 'acme' },
      },
    });
    await ready(`${CERT_MANAGER}/namespaces/default/certificates/site`);
    const secret = await cluster.api.call('GET', '/api/v1/namespaces/default/secrets/site-tls');
    const leaf = new X509Certificate(
      Buffer.from((secret.data as Record<string, string>)['tls.crt'] ?? '', 'base64').toString(),
    );
    expect(leaf.issuer).toContain('Pebble Intermediate CA');
    expect(leaf.subjectAltName).toBe('DNS:site.example.com, DNS:www.site.example.com');
    expect(pebble.registrations()).toBe(1);
  });

  test('tells a registration from the return of a known key', async () => {
    const before = { registrations: pebble.registrations(), newAccountCalls: pebble.newAccountCalls() };
    const [path, account] = [`${CERT_MANAGER}/clusterissuers/acme`, (await ready('clusterissuers/acme')).acme?.uri];
    await cluster.api.call('DELETE', path);
    await cluster.api.call('POST', `${CERT_MANAGER}/clusterissuers`, acmeIssuer('ClusterIssuer', 'acme'));
    expect((await ready(path)).acme?.uri).toBe(account);
    expect(pebble.registrations()).toBe(before.registrations);
    expect(pebble.newAccountCalls()).toBeGreaterThan(before.newAccountCalls);
  });

  test('knows external accounts', async () => {
    await cluster.api.call('POST', '/api/v1/namespaces/default/secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'eab' },
      stringData: { right: MAC_KEY, wrong: Buffer.from('another key of the same length..').toString('base64url') },
    });
    const binding = (key: string) => ({
      externalAccountBinding: { keyID: 'kid-1', keySecretRef: { name: 'eab', key } },
    });
    const issuers = `${CERT_MANAGER}/namespaces/default/issuers`;
    await cluster.api.call('POST', issuers, acmeIssuer('Issuer', 'wrong', binding('wrong')));
    await cluster.api.call('POST', issuers, acmeIssuer('Issuer', 'right', binding('right')));
    await ready(`${issuers}/right`);
    await until(async () => (await statusOf(`${issuers}/wrong`)).conditions?.[0]?.status === 'False');
  });

  test('ends with its cluster', async () => {
    const other = await startCluster('pebble-ends', { certManager: null, quiet: true });
    const { directoryUrl } = await other.pebble();
    await other.stop();
    await expect(fetch(directoryUrl)).rejects.toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ code: 'ECONNREFUSED' }) }),
    );
  });
});

interface Status {
  conditions?: { type: string; status: string; message?: string }[];
  acme?: { uri?: string };
}

async function statusOf(path: string): Promise<Status> {
  const full = path.startsWith('/') ? path : `${CERT_MANAGER}/${path}`;
  return ((await cluster.api.call('GET', full)).status ?? {}) as Status;
}

/** The status of an issuer or Certificate once it is Ready. */
async function ready(path: string): Promise<Status> {
  let status: Status = {};
  const isReady = async () => {
    status = await statusOf(path);
    return status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true;
  };
  await until(isReady, () => `${path}: ${JSON.stringify(status)}`);
  return status;
}

async function until(condition: () => Promise<boolean>, state: () => string = () => String(condition)): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within 30 s: ${state()}`);
    await sleep(50);
  }
}
