import { ApiError, type Cluster, type ListOptions, type ListResult, type WriteOptions } from '../../cluster/client.ts';
import { resourcePath } from '../../cluster/paths.ts';
import { apiVersion, NAMESPACE, type ResourceKind } from '../../model/kinds.ts';
import type { KubeObject } from '../../model/objects.ts';

/** One call that a test may look at, delay or let fail. */
export interface MemoryCall {
  verb: 'get' | 'list' | 'create' | 'apply' | 'patch' | 'delete';
  kind: string;
  /** `namespace/name`, or `/name`; of a list `namespace/`. */
  object: string;
  subresource?: string;
  fieldManager?: string;
  dryRun: boolean;
  body?: unknown;
}

/** An API server for unit tests: as much of one as a restore touches. Not for use outside tests. */
export class MemoryCluster implements Cluster {
  readonly server = 'https://memory.test';
  readonly context = 'memory';
  readonly calls: MemoryCall[] = [];
  /** Called before each call is done; may throw. */
  before: (call: MemoryCall) => void | Promise<void> = () => {};
  /** Called after each call that changed something. */
  after: (call: MemoryCall) => void = () => {};
  /** Answers of getPath by path. */
  readonly paths: Record<string, unknown> = {};
  readonly #objects = new Map<string, KubeObject>();
  #version = 100;

  constructor(...objects: KubeObject[]) {
    for (const name of ['kube-system', 'default'])
      this.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    for (const object of objects) this.put(object);
  }

  /** Puts an object there as it is, with uid and times where it has none. */
  put(object: KubeObject): KubeObject {
    const version = String(++this.#version);
    const stored = structuredClone(object);
    stored.metadata = {
      uid: `uid-${version}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      generation: 1,
      ...stored.metadata,
      resourceVersion: version,
    };
    this.#objects.set(idOf(stored.kind, stored.metadata.namespace, stored.metadata.name), stored);
    return stored;
  }

  /** The stored object itself. */
  at(kind: string, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#objects.get(idOf(kind, namespace, name));
  }

  remove(kind: string, namespace: string | undefined, name: string): void {
    this.#objects.delete(idOf(kind, namespace, name));
  }

  /** Calls that changed something, as `verb kind object[/subresource]`. */
  writes(): string[] {
    return this.calls
      .filter((c) => !['get', 'list'].includes(c.verb) && !c.dryRun)
      .map((c) => `${c.verb} ${c.kind} ${c.object}${c.subresource === undefined ? '' : `/${c.subresource}`}`);
  }

  async get(kind: ResourceKind, namespace: string | undefined, name: string): Promise<KubeObject | undefined> {
    await this.#enter({ verb: 'get', kind: kind.kind, object: `${namespace ?? ''}/${name}`, dryRun: false });
    return structuredClone(this.at(kind.kind, namespace, name));
  }

  async list(kind: ResourceKind, options: ListOptions = {}): Promise<ListResult> {
    await this.#enter({ verb: 'list', kind: kind.kind, object: `${options.namespace ?? ''}/`, dryRun: false });
    const name = /^metadata\.name=(.+)$/.exec(options.fieldSelector ?? '')?.[1];
    const items = [...this.#objects.values()].filter(
      (o) =>
        o.kind === kind.kind &&
        o.apiVersion === apiVersion(kind) &&
        (name === undefined || o.metadata.name === name) &&
        (options.namespace === undefined || o.metadata.namespace === options.namespace),
    );
    return { items: structuredClone(items), resourceVersion: String(this.#version) };
  }

  async create(kind: ResourceKind, object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    // A question, which nothing is stored of.
    if (kind.kind === 'SelfSubjectAccessReview') return { ...object, status: { allowed: true } };
    const { namespace, name } = object.metadata;
    const call = await this.#write('create', kind, namespace, name, options, object);
    if (namespace !== undefined && this.at(NAMESPACE.kind, undefined, namespace) === undefined) {
      throw error(404, 'NotFound', 'create', kind, namespace, `namespaces "${namespace}" not found`);
    }
    const isProbe = kind.group === 'cert-manager.io' && kind.kind.endsWith('Issuer') && !hasKeys(object.spec);
    if (isProbe) {
      const words = 'admission webhook "webhook.cert-manager.io" denied the request: spec: Required value';
      throw error(406, 'NotAcceptable', 'create', kind, namespace, words);
    }
    if (this.at(kind.kind, namespace, name) !== undefined) {
      throw error(409, 'AlreadyExists', 'create', kind, namespace, 'already exists');
    }
    if (options.dryRun === true) return structuredClone(object);
    return this.#created(call, object, 'Update', options.fieldManager ?? 'unknown');
  }

  async apply(
    kind: ResourceKind,
    object: KubeObject,
    options: WriteOptions & { fieldManager: string; force?: boolean },
  ): Promise<KubeObject> {
    const { namespace, name } = object.metadata;
    const call = await this.#write('apply', kind, namespace, name, options, object);
    const existing = this.at(kind.kind, namespace, name);
    if (existing === undefined) return this.#created(call, object, 'Apply', options.fieldManager);
    Object.assign(existing, { ...structuredClone(object), metadata: { ...existing.metadata, ...object.metadata } });
    existing.metadata.resourceVersion = String(++this.#version);
    existing.metadata.managedFields = [entry(options.fieldManager, 'Apply', now())];
    return structuredClone(existing);
  }

  async mergePatch(
    kind: ResourceKind,
    namespace: string | undefined,
    name: string,
    patch: unknown,
    options: WriteOptions & { subresource?: string } = {},
  ): Promise<KubeObject> {
    const call = await this.#write('patch', kind, namespace, name, options, patch);
    const object = this.at(kind.kind, namespace, name);
    if (object === undefined) throw error(404, 'NotFound', 'patch', kind, namespace, 'not found');
    const { metadata, status } = patch as { metadata?: Record<string, unknown>; status?: Record<string, unknown> };
    const wanted = metadata?.resourceVersion;
    if (wanted !== undefined && wanted !== object.metadata.resourceVersion) {
      throw error(409, 'Conflict', 'patch', kind, namespace, 'the object has been modified');
    }
    if (options.subresource === 'status') object.status = { ...(object.status as object | undefined), ...status };
    else Object.assign(object.metadata, metadata);
    object.metadata.resourceVersion = String(++this.#version);
    const answer = structuredClone(object);
    this.after(call);
    return answer;
  }

  async delete(kind: ResourceKind, namespace: string | undefined, name: string): Promise<void> {
    const call = await this.#write('delete', kind, namespace, name, {}, undefined);
    this.remove(kind.kind, namespace, name);
    this.after(call);
  }

  async getPath(path: string): Promise<unknown> {
    return this.paths[path] ?? {};
  }

  watch(): never {
    throw new Error('not in memory');
  }

  async close(): Promise<void> {}

  async #enter(call: MemoryCall): Promise<void> {
    this.calls.push(call);
    await this.before(call);
  }

  async #write(
    verb: MemoryCall['verb'],
    kind: ResourceKind,
    namespace: string | undefined,
    name: string,
    options: WriteOptions & { subresource?: string },
    body: unknown,
  ): Promise<MemoryCall> {
    const call: MemoryCall = {
      verb,
      kind: kind.kind,
      object: `${namespace ?? ''}/${name}`,
      dryRun: options.dryRun === true,
      body,
      ...(options.subresource === undefined ? {} : { subresource: options.subresource }),
      ...(options.fieldManager === undefined ? {} : { fieldManager: options.fieldManager }),
    };
    await this.#enter(call);
    return call;
  }

  #created(call: MemoryCall, object: KubeObject, operation: string, manager: string): KubeObject {
    const { status: _, ...rest } = object;
    const time = now();
    const metadata = { ...object.metadata, creationTimestamp: time, managedFields: [entry(manager, operation, time)] };
    const answer = structuredClone(this.put({ ...rest, metadata }));
    this.after(call);
    return answer;
  }
}

function entry(manager: string, operation: string, time: string) {
  return { manager, operation, time, fieldsType: 'FieldsV1', fieldsV1: {} };
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}

function hasKeys(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function idOf(kind: string, namespace: string | undefined, name: string): string {
  return `${kind}/${namespace ?? ''}/${name}`;
}

function error(
  status: number,
  reason: string,
  verb: string,
  kind: ResourceKind,
  namespace: string | undefined,
  message: string,
): ApiError {
  return new ApiError({ status, reason, verb, path: resourcePath(kind, { namespace }), message });
}
