/** A cluster in memory, with as much of the API as a backup reads: for faults of orchestration. Tests only. */
import { ApiError, type Cluster, type ListOptions, type ListResult } from '../cluster/client.ts';
import { apiVersion, type ResourceKind } from '../model/kinds.ts';
import type { KubeObject } from '../model/objects.ts';

type Read = { verb: 'get' | 'list'; kind: ResourceKind; namespace: string | undefined; name: string };

export class MemoryCluster implements Cluster {
  readonly server = 'https://memory.test:6443';
  readonly context = 'memory';
  /** Every read in order, as `list secrets a` or `get certificates a/b`. */
  readonly reads: string[] = [];
  /** Called before each read; may change the objects, or throw. */
  onRead: (read: Read, count: number) => void = () => {};
  readonly paths: Record<string, unknown> = { '/version': { gitVersion: 'v1.36.3' }, '/apis/cert-manager.io': {} };
  private readonly objects: KubeObject[] = [];
  private version = 100;

  constructor(objects: readonly KubeObject[] = []) {
    for (const object of objects) this.put(object);
  }

  /** Creates or replaces; gives uid and resourceVersion. */
  put(object: KubeObject): KubeObject {
    this.remove(object.kind, object.metadata.namespace, object.metadata.name);
    this.version += 1;
    const uid = `uid-${object.kind}-${object.metadata.namespace ?? ''}-${object.metadata.name}`;
    const stored = { ...object, metadata: { uid, ...object.metadata, resourceVersion: String(this.version) } };
    this.objects.push(stored);
    return stored;
  }

  remove(kind: string, namespace: string | undefined, name: string): void {
    const i = this.objects.findIndex(
      (o) => o.kind === kind && o.metadata.namespace === namespace && o.metadata.name === name,
    );
    if (i >= 0) this.objects.splice(i, 1);
  }

  async get(kind: ResourceKind, namespace: string | undefined, name: string): Promise<KubeObject | undefined> {
    this.read({ verb: 'get', kind, namespace, name });
    const found = this.of(kind).find((o) => o.metadata.namespace === namespace && o.metadata.name === name);
    return structuredClone(found);
  }

  async list(kind: ResourceKind, options: ListOptions = {}): Promise<ListResult> {
    // One object by a list of its name counts as a read of that object.
    const name = /metadata\.name=([^,]+)/.exec(options.fieldSelector ?? '')?.[1] ?? '';
    this.read({ verb: 'list', kind, namespace: options.namespace, name });
    const items = this.of(kind)
      .filter((o) => options.namespace === undefined || o.metadata.namespace === options.namespace)
      .filter((o) => matches(o.metadata.labels ?? {}, options.labelSelector))
      .filter((o) => matches(fieldsOf(o), options.fieldSelector))
      .map((o) => structuredClone(options.metadataOnly === true ? metadataOf(o) : o))
      .map((o) => (options.keep === undefined ? o : options.keep(o)))
      .filter((o) => o !== undefined);
    return { items, resourceVersion: String(this.version) };
  }

  async getPath(path: string): Promise<unknown> {
    if (path in this.paths) return this.paths[path];
    throw new ApiError({ status: 404, reason: 'NotFound', path, verb: 'get' });
  }

  create(): Promise<KubeObject> {
    return this.mustNotWrite();
  }
  apply(): Promise<KubeObject> {
    return this.mustNotWrite();
  }
  mergePatch(): Promise<KubeObject> {
    return this.mustNotWrite();
  }
  delete(): Promise<void> {
    return this.mustNotWrite();
  }
  watch(): Promise<never> {
    return this.mustNotWrite();
  }
  async close(): Promise<void> {}

  private mustNotWrite(): Promise<never> {
    return Promise.reject(new Error('a backup only reads'));
  }

  private of(kind: ResourceKind): KubeObject[] {
    return this.objects.filter((o) => o.kind === kind.kind && o.apiVersion === apiVersion(kind));
  }

  private read(read: Read): void {
    const place = read.name === '' ? (read.namespace ?? '') : `${read.namespace ?? ''}/${read.name}`;
    this.reads.push(`${read.verb} ${read.kind.plural} ${place}`.trim());
    this.onRead(read, this.reads.length);
  }
}

function metadataOf({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  return { apiVersion, kind, metadata };
}

/** A refusal as the API server words it. */
export function forbidden(read: Read): ApiError {
  const group = read.kind.group === '' ? '/api/v1' : `/apis/${read.kind.group}/${read.kind.version}`;
  const namespace = read.namespace === undefined ? '' : `/namespaces/${read.namespace}`;
  return new ApiError({
    status: 403,
    reason: 'Forbidden',
    path: `${group}${namespace}/${read.kind.plural}`,
    verb: read.verb,
  });
}

/** What a field selector may ask for. */
function fieldsOf(object: KubeObject): Record<string, string> {
  return { type: typeof object.type === 'string' ? object.type : 'Opaque', 'metadata.name': object.metadata.name };
}

/** `a=b,c!=d`. */
function matches(values: Record<string, string>, selector: string | undefined): boolean {
  return (selector ?? '')
    .split(',')
    .filter((term) => term !== '')
    .every((term) => {
      const [name = '', value = ''] = term.split(/!?==?/);
      return term.includes('!=') ? values[name] !== value : values[name] === value;
    });
}
