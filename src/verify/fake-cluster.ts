/** A cluster in memory with a cert-manager of sorts, for what a healthy one does not show. Tests only. */
import { ApiError, type Cluster, type DeleteOptions } from '../cluster/client.ts';
import type { ListOptions } from '../cluster/list.ts';
import {
  CERTIFICATE,
  CERTIFICATE_REQUEST,
  DEPLOYMENT,
  LEASE,
  NAMESPACE,
  POD,
  type ResourceKind,
} from '../model/kinds.ts';
import type { KubeObject } from '../model/objects.ts';

export class FakeCluster implements Cluster {
  readonly server = 'https://fake';
  readonly context = 'fake';
  readonly objects = new Map<string, KubeObject>();
  /** `verb plural` → what is thrown. */
  readonly faults = new Map<string, ApiError>();
  /** Whether the controller answers a canary with a request, and its leader renews the lease. */
  controllerWorks = true;
  installed = true;
  clusterWideForbidden = false;
  readonly calls: string[] = [];
  #uid = 0;

  constructor() {
    this.put(NAMESPACE, '', 'kube-system', {}, 'cluster-uid');
    this.put(DEPLOYMENT, 'cert-manager', 'cert-manager', {
      spec: {
        replicas: 1,
        template: {
          spec: {
            containers: [{ name: 'cert-manager-controller', image: 'x/cert-manager-controller:v1.21.2', args: [] }],
          },
        },
      },
      status: { readyReplicas: 1 },
    });
    this.put(POD, 'cert-manager', 'pod-1', { spec: { containers: [{ name: 'c', image: 'x/c:v1.21.2' }] } });
    this.lease({ holderIdentity: 'pod-1-external-cert-manager-controller', renewTime: new Date().toISOString() });
  }

  lease(spec: Record<string, unknown>): void {
    this.put(LEASE, 'kube-system', 'cert-manager-controller', { spec: { leaseDurationSeconds: 60, ...spec } });
  }

  put(
    kind: ResourceKind,
    namespace: string,
    name: string,
    more: Record<string, unknown> = {},
    uid?: string,
  ): KubeObject {
    this.#uid += 1;
    const { metadata, ...rest } = more as { metadata?: Record<string, unknown> };
    const object: KubeObject = {
      apiVersion: kind.version,
      kind: kind.kind,
      metadata: {
        name,
        ...(namespace === '' ? {} : { namespace }),
        uid: uid ?? `uid-${this.#uid}`,
        generation: 1,
        creationTimestamp: new Date().toISOString(),
        ...metadata,
      },
      ...rest,
    };
    this.objects.set(key(kind, namespace, name), object);
    return object;
  }

  named(kind: ResourceKind): KubeObject[] {
    return [...this.objects].filter(([id]) => id.startsWith(`${kind.plural} `)).map(([, object]) => object);
  }

  async get(kind: ResourceKind, namespace: string | undefined, name: string): Promise<KubeObject | undefined> {
    this.#call('get', kind);
    return this.objects.get(key(kind, namespace ?? '', name));
  }

  async list(kind: ResourceKind, options: ListOptions = {}) {
    this.#call('list', kind);
    if (this.clusterWideForbidden && options.namespace === undefined) throw forbidden('list', kind.plural);
    const [label, value] = (options.labelSelector ?? '').split('=');
    const name = /^metadata\.name=(.+)$/.exec(options.fieldSelector ?? '')?.[1];
    const items = this.named(kind).filter(
      ({ metadata }) =>
        (options.namespace === undefined || metadata.namespace === options.namespace) &&
        (name === undefined || metadata.name === name) &&
        (label === '' || kind === DEPLOYMENT || metadata.labels?.[label ?? ''] === value),
    );
    const kept = items.map((item) => (options.keep === undefined ? item : options.keep(item)));
    return { items: kept.filter((item) => item !== undefined), resourceVersion: '1' };
  }

  async create(kind: ResourceKind, object: KubeObject): Promise<KubeObject> {
    if (kind.kind === 'SelfSubjectAccessReview') return { ...object, status: { allowed: true } };
    this.#call('create', kind);
    const { namespace = '', name } = object.metadata;
    const created = this.put(kind, namespace, name, object as unknown as Record<string, unknown>);
    if (this.controllerWorks && kind === CERTIFICATE) {
      const owner = { apiVersion: '', kind: 'Certificate', name, uid: created.metadata.uid, controller: true };
      this.put(CERTIFICATE_REQUEST, namespace, `${name}-1`, { metadata: { ownerReferences: [owner] } });
    }
    return created;
  }

  async delete(kind: ResourceKind, namespace: string | undefined, name: string, options: DeleteOptions = {}) {
    this.#call('delete', kind);
    const id = key(kind, namespace ?? '', name);
    const object = this.objects.get(id);
    if (options.uid !== undefined && object?.metadata.uid !== options.uid) return;
    this.objects.delete(id);
    for (const [other, { metadata }] of this.objects) {
      if (metadata.ownerReferences?.some((owner) => owner.uid === object?.metadata.uid)) this.objects.delete(other);
    }
  }

  async getPath(path: string): Promise<unknown> {
    if (!this.installed && path.includes('cert-manager.io')) throw new ApiError({ status: 404, path, verb: 'get' });
    return {};
  }

  apply(): Promise<KubeObject> {
    throw new Error('verify must not apply anything');
  }
  mergePatch(): Promise<KubeObject> {
    throw new Error('verify must not patch anything');
  }
  watch(): Promise<never> {
    throw new Error('not needed');
  }
  async close(): Promise<void> {}

  #call(verb: string, kind: ResourceKind): void {
    this.calls.push(`${verb} ${kind.plural}`);
    const fault = this.faults.get(`${verb} ${kind.plural}`);
    if (fault !== undefined) throw fault;
  }
}

export function forbidden(verb: string, plural: string): ApiError {
  return new ApiError({ status: 403, reason: 'Forbidden', path: `/${plural}`, verb }, { user: 'ci' });
}

function key(kind: ResourceKind, namespace: string, name: string): string {
  return `${kind.plural} ${namespace}/${name}`;
}
