import type { OpenedBackup } from '../../archive/read.ts';
import { emptyContents } from '../../archive/stages.ts';
import type { BackupContents, IndexEntry, Role } from '../../model/backup.ts';
import type { KubeObject } from '../../model/objects.ts';

/** Small objects and backups for the unit tests of the restore. */

export const namespace = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

export const secret = (
  name: string,
  data: Record<string, string> = { 'tls.crt': 'Yw==', 'tls.key': 'aw==' },
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'app', labels: { 'controller.cert-manager.io/fao': 'true' } },
  type: 'kubernetes.io/tls',
  data,
});

export const issuer = (name: string, spec: Record<string, unknown> = { ca: { secretName: 'ca' } }): KubeObject => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Issuer',
  metadata: { name, namespace: 'app' },
  spec,
});

export const certificate = (name: string, spec: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { name, namespace: 'app' },
  spec: { secretName: `${name}-tls`, issuerRef: { name: 'ca' }, dnsNames: [`${name}.test`], ...spec },
});

export const indexEntry = (object: KubeObject, role: Role): IndexEntry => ({
  apiVersion: object.apiVersion,
  kind: object.kind,
  ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
  name: object.metadata.name,
  uid: '',
  role,
  file: '',
  digest: '',
  ownerReferences: [],
  referencedFrom: [],
  managers: [],
});

/** A CA, its issuer, and the Certificates named, each with its Secret and revision 3. */
export function contents(...names: string[]): BackupContents {
  const ca = secret('ca');
  const certificates = names.map((name) => certificate(name));
  const secrets = names.map((name) => secret(`${name}-tls`));
  return {
    ...emptyContents(),
    namespaces: [namespace('app')],
    secrets: [...secrets, ca],
    issuers: [issuer('ca')],
    certificates,
    status: names.map((name) => ({
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      namespace: 'app',
      name,
      status: { revision: 3 },
    })),
    index: [indexEntry(ca, 'ca-secret'), ...secrets.map((s) => indexEntry(s, 'leaf-secret'))],
  };
}

export function opened(parts: BackupContents, changes: Partial<OpenedBackup['manifest']> = {}): OpenedBackup {
  return {
    path: '/backup',
    root: 'sha256:0',
    sealed: [],
    restoreMd: undefined,
    contents: parts,
    manifest: {
      format: 'certkeep-backup',
      formatVersion: '1.0',
      files: {},
      root: 'sha256:0',
      tool: { name: 'certkeep', version: '0' },
      createdAt: '2026-01-01T00:00:00Z',
      cluster: { uid: 'source-uid', server: 'https://source.test', context: 'source', kubernetes: 'v1.36.3' },
      certManager: {
        version: 'v1.21.2',
        namespace: 'cert-manager',
        clusterResourceNamespace: 'cert-manager',
        clusterResourceNamespaceSource: 'default',
        flags: [],
        crds: {},
      },
      scope: { namespaces: [], selector: '', include: [] },
      secrets: 'all',
      encryption: 'none',
      recipients: [],
      restorable: true,
      counts: {},
      resourceVersions: {},
      ...changes,
    },
  } as OpenedBackup;
}
