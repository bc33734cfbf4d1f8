// Makes test/fixtures/foreign/velero-*.tar.gz anew: real Velero backups of a real cluster. `node test/velero/make.ts`
// builds Velero the first time, which takes some ten minutes on two cores.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KubeObject } from '../../src/model/objects.ts';
import { startCluster } from '../cluster/api.ts';
import { TUTORIAL_BACKUP } from '../fixtures/foreign/velero.ts';
import { apply, waitReady } from '../support/company.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/foreign');
/** A hundred years: the fixtures are read for as long as there are tests. */
const LONG = '876000h';
const ref = (name: string) => ({ name, kind: 'ClusterIssuer', group: 'cert-manager.io' });

const certificate = (namespace: string, name: string, spec: Record<string, unknown>): KubeObject => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { namespace, name },
  spec: {
    secretName: `${name}-tls`,
    duration: LONG,
    privateKey: { algorithm: 'ECDSA', size: 256 },
    issuerRef: ref('ca'),
    ...spec,
  },
});

const OBJECTS: KubeObject[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
  { apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer', metadata: { name: 'root' }, spec: { selfSigned: {} } },
  {
    apiVersion: 'cert-manager.io/v1',
    kind: 'ClusterIssuer',
    metadata: { name: 'ca' },
    spec: { ca: { secretName: 'ca-tls' } },
  },
  certificate('cert-manager', 'ca', { isCA: true, commonName: 'ca', issuerRef: ref('root') }),
  certificate('shop', 'web', { dnsNames: ['web.example.com'] }),
  certificate('shop', 'api', { dnsNames: ['api.example.com'] }),
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      namespace: 'shop',
      name: 'front',
      annotations: { 'cert-manager.io/cluster-issuer': 'ca', 'cert-manager.io/duration': LONG },
    },
    spec: {
      tls: [{ hosts: ['front.example.com'], secretName: 'front-tls' }],
      defaultBackend: { service: { name: 'front', port: { number: 80 } } },
    },
  },
];

/** File name → spec of the Backup. */
const BACKUPS = {
  'velero-1.18.3-namespaces.tar.gz': { includedNamespaces: ['cert-manager', 'shop'] },
  'velero-1.18.3-tutorial.tar.gz': { ...TUTORIAL_BACKUP, includedNamespaces: ['cert-manager', 'shop'] },
};

const directory = temporaryDirectory('velero');
const velero = process.argv[2] ?? join(directory, 'velero-backup');
const run = promisify(execFile);
if (process.argv[2] === undefined)
  await run('go', ['build', '-o', velero, '.'], { cwd: join(import.meta.dirname, 'go') });
const cluster = await startCluster('velero');
try {
  await apply(cluster, OBJECTS);
  await waitReady(cluster, 4);
  for (const [file, spec] of Object.entries(BACKUPS)) {
    const specFile = join(directory, 'spec.json');
    writeFileSync(specFile, JSON.stringify(spec));
    const { stdout } = await run(velero, [cluster.kubeconfig, specFile, join(FIXTURES, file)]);
    process.stdout.write(`${file}: ${stdout}`);
  }
} finally {
  await cluster.stop();
}
