import type { Certificate, CertificateRequest, IssuerRef, KubeObject, Secret } from '../../src/model/objects.ts';
import type { TestCluster } from '../cluster/api.ts';
import { apply } from '../support/company.ts';
import { keyOf, list, until } from './controller.ts';

/** Certificates before an upgrade to 1.19.0: those whose fate differs with the order of steps, and some of neither kind. */

const NAMESPACE = 'fleet';
const API = 'cert-manager.io/v1';
const GROUP = 'cert-manager.io';

interface Kind {
  name: string;
  count: number;
  issuerRef: IssuerRef;
}

const KINDS: Kind[] = [
  { name: 'bare', count: 4, issuerRef: { name: 'self' } },
  { name: 'kind', count: 4, issuerRef: { name: 'self', kind: 'Issuer' } },
  { name: 'cluster-kind', count: 4, issuerRef: { name: 'self', kind: 'ClusterIssuer' } },
  { name: 'group', count: 3, issuerRef: { name: 'self', group: GROUP } },
  { name: 'full', count: 4, issuerRef: { name: 'self', kind: 'Issuer', group: GROUP } },
  { name: 'cluster-full', count: 4, issuerRef: { name: 'self', kind: 'ClusterIssuer', group: GROUP } },
  // Their current CertificateRequest is deleted: nothing is left whose issuerRef could differ.
  { name: 'no-request', count: 3, issuerRef: { name: 'self' } },
  // An empty text is a value: the API server fills in nothing, and their requests have the default.
  { name: 'empty-kind', count: 2, issuerRef: { name: 'self', kind: '' } },
  { name: 'empty-group', count: 2, issuerRef: { name: 'self', group: '' } },
  { name: 'empty-both', count: 2, issuerRef: { name: 'self', kind: '', group: '' } },
];

const certificate = (name: string, issuerRef: IssuerRef, secretName = `${name}-tls`): KubeObject => ({
  apiVersion: API,
  kind: 'Certificate',
  metadata: { namespace: NAMESPACE, name },
  spec: {
    secretName,
    dnsNames: [`${name}.example.com`],
    issuerRef,
    privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Never' },
  },
});

const CERTIFICATES = KINDS.flatMap(({ name, count, issuerRef }) =>
  Array.from({ length: count }, (_, i) => certificate(`${name}-${i + 1}`, issuerRef)),
);
/** It never owns the Secret that it names, and is never issued. */
const SECOND_OF_SHARED = certificate('shared', { name: 'self' }, 'bare-1-tls');

export const FLEET_SIZE = CERTIFICATES.length + 1;

const ISSUERS: KubeObject[] = [
  { apiVersion: API, kind: 'Issuer', metadata: { namespace: NAMESPACE, name: 'self' }, spec: { selfSigned: {} } },
  { apiVersion: API, kind: 'ClusterIssuer', metadata: { name: 'self' }, spec: { selfSigned: {} } },
];

/**
 * Lets the running cert-manager issue them all, then takes the issuers away, so that what is begun afterwards is not
 * finished and stays to be seen.
 */
export async function issueFleet(cluster: TestCluster): Promise<void> {
  await apply(cluster, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }]);
  await apply(cluster, ISSUERS);
  await apply(cluster, CERTIFICATES);
  await until('the fleet is issued', 120, async () => {
    const all = await list<Certificate>(cluster, `/apis/${API}/certificates`);
    return all.every(({ status }) => {
      const has = (wanted: string) =>
        status?.conditions?.some(({ type, status: is }) => type === wanted && is === 'True');
      return has('Ready') && !has('Issuing');
    });
  });
  await apply(cluster, [SECOND_OF_SHARED]);
  const requests = await list<CertificateRequest>(cluster, `/apis/${API}/certificaterequests`);
  for (const { metadata } of requests.filter((request) => request.metadata.name.startsWith('no-request-')))
    await cluster.api.call('DELETE', `/apis/${API}/namespaces/${NAMESPACE}/certificaterequests/${metadata.name}`);
  await cluster.api.call('DELETE', `/apis/${API}/namespaces/${NAMESPACE}/issuers/self`);
  await cluster.api.call('DELETE', `/apis/${API}/clusterissuers/self`);
}

/** What tells whether a Certificate was issued anew. */
export interface Traces {
  /** By `namespace/name`: text of the Issuing condition where it is True, else ''. */
  issuing: Map<string, string>;
  /** By uid: the Certificate that it belongs to. */
  requests: Map<string, string>;
  /** tls.crt by Secret. */
  leaves: Map<string, string>;
}

export async function tracesOf(cluster: TestCluster): Promise<Traces> {
  const [certificates, requests, secrets] = await Promise.all([
    list<Certificate>(cluster, `/apis/${API}/namespaces/${NAMESPACE}/certificates`),
    list<CertificateRequest>(cluster, `/apis/${API}/namespaces/${NAMESPACE}/certificaterequests`),
    list<Secret>(cluster, `/api/v1/namespaces/${NAMESPACE}/secrets`),
  ]);
  const tls = secrets.filter(({ type }) => type === 'kubernetes.io/tls');
  return {
    issuing: new Map(
      certificates.map((one) => {
        const issuing = one.status?.conditions?.find(({ type, status }) => type === 'Issuing' && status === 'True');
        return [keyOf(one), issuing === undefined ? '' : `${issuing.reason}: ${issuing.message}`];
      }),
    ),
    requests: new Map(
      requests.map(({ metadata }) => [metadata.uid ?? '', `${NAMESPACE}/${metadata.ownerReferences?.[0]?.name}`]),
    ),
    leaves: new Map(tls.map(({ metadata, data }) => [metadata.name, data?.['tls.crt'] ?? ''])),
  };
}

/** Those that are being issued, or for which there is a new CertificateRequest, in alphabetical order. */
export function reissuedBetween(before: Traces, after: Traces): string[] {
  const issuing = [...after.issuing].filter(([, text]) => text !== '').map(([key]) => key);
  const requested = [...after.requests].filter(([uid]) => !before.requests.has(uid)).map(([, key]) => key);
  return [...new Set([...issuing, ...requested])].sort();
}
