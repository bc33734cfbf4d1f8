import { apiVersion, type ResourceKind } from '../model/kinds.ts';
import type { KubeObject } from '../model/objects.ts';
import { ApiError, apiErrorOf } from './api-error.ts';
import { type ListOptions, type ListResult, listAll } from './list.ts';
import { query, resourcePath } from './paths.ts';
import { type RetryClass, withRetries } from './retry.ts';
import type { HttpAnswer, HttpRequest, Transport } from './transport.ts';
import { type WatchOptions, type WatchResult, watchFrom } from './watch.ts';

export { ApiError } from './api-error.ts';
export type { ListOptions, ListResult } from './list.ts';
export type { WatchOptions, WatchResult } from './watch.ts';

export interface WriteOptions {
  fieldManager?: string;
  dryRun?: boolean;
  /** What becomes of unknown fields; the API server's default is Warn, which drops them. */
  fieldValidation?: 'Strict' | 'Warn' | 'Ignore';
}

export interface DeleteOptions {
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  /** Delete only the object with this uid; another one under the name → ApiError 409. */
  uid?: string;
}

/**
 * One API server, as raw JSON: nothing of an object is lost on the way. Every method may be called many times in
 * parallel (64 connections); each throws ApiError for an answer of status ≥ 400, CertkeepError for unusable
 * credentials, and what the socket threw once retrying did not help. `explainApiError` makes a message of all three.
 */
export interface Cluster {
  /** URL of the API server. */
  readonly server: string;
  /** Name of the kubeconfig context. */
  readonly context: string;
  /** undefined on 404. */
  get(kind: ResourceKind, namespace: string | undefined, name: string): Promise<KubeObject | undefined>;
  /** All pages; items get apiVersion and kind. Where the whole resource does not exist: ApiError 404. */
  list(kind: ResourceKind, options?: ListOptions): Promise<ListResult>;
  /** ApiError 409 with `maybeOurs` where an earlier try was cut off and may have made the object. */
  create(kind: ResourceKind, object: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  /** Server-side apply. */
  apply(
    kind: ResourceKind,
    object: KubeObject,
    options: WriteOptions & { fieldManager: string; force?: boolean },
  ): Promise<KubeObject>;
  mergePatch(
    kind: ResourceKind,
    namespace: string | undefined,
    name: string,
    patch: unknown,
    options?: WriteOptions & { subresource?: string },
  ): Promise<KubeObject>;
  /** An object that does not exist is fine. */
  delete(kind: ResourceKind, namespace: string | undefined, name: string, options?: DeleteOptions): Promise<void>;
  /** GET of any path, parsed: `/version`, `/apis/…`. */
  getPath(path: string): Promise<unknown>;
  /** Follows a resource from `resourceVersion`, over reconnections, until aborted or until the past is forgotten. */
  watch(kind: ResourceKind, options: WatchOptions): Promise<WatchResult>;
  close(): Promise<void>;
}

interface Call {
  verb: string;
  method: HttpRequest['method'];
  path: string;
  parameters?: Record<string, string | undefined>;
  body?: unknown;
  contentType?: string;
  accept?: string;
  retry: RetryClass;
}

/** Servers that do not know it (an aggregated API of another kind) answer with the whole objects. */
const METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json';

export class HttpCluster implements Cluster {
  readonly server: string;
  readonly context: string;
  readonly #transport: Transport;
  readonly #timeoutMs: number;
  readonly #debug: ((line: string) => void) | undefined;
  #alive = false;

  constructor(
    transport: Transport,
    facts: { server: string; context: string; timeoutMs: number; debug?: ((line: string) => void) | undefined },
  ) {
    this.#transport = transport;
    this.server = facts.server;
    this.context = facts.context;
    this.#timeoutMs = facts.timeoutMs;
    this.#debug = facts.debug;
  }

  async get(kind: ResourceKind, namespace: string | undefined, name: string): Promise<KubeObject | undefined> {
    const path = resourcePath(kind, { namespace, name });
    try {
      return (await this.#json({ verb: 'get', method: 'GET', path, retry: 'idempotent' })) as KubeObject;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  list(kind: ResourceKind, options: ListOptions = {}): Promise<ListResult> {
    const path = resourcePath(kind, { namespace: options.namespace });
    const accept = options.metadataOnly === true ? { accept: METADATA_ONLY } : {};
    return listAll(kind, options, (parameters) =>
      this.#json({ verb: 'list', method: 'GET', path, parameters, retry: 'idempotent', ...accept }),
    );
  }

  async create(kind: ResourceKind, object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    return (await this.#json({
      verb: 'create',
      method: 'POST',
      path: resourcePath(kind, { namespace: object.metadata.namespace }),
      parameters: writeParameters(options),
      body: object,
      retry: 'create',
    })) as KubeObject;
  }

  async apply(
    kind: ResourceKind,
    object: KubeObject,
    options: WriteOptions & { fieldManager: string; force?: boolean },
  ): Promise<KubeObject> {
    return (await this.#json({
      verb: 'patch',
      method: 'PATCH',
      path: resourcePath(kind, { namespace: object.metadata.namespace, name: object.metadata.name }),
      parameters: { ...writeParameters(options), force: options.force === true ? 'true' : undefined },
      // The server wants both in an applied object.
      body: { ...object, apiVersion: apiVersion(kind), kind: kind.kind },
      contentType: 'application/apply-patch+yaml',
      retry: 'idempotent',
    })) as KubeObject;
  }

  async mergePatch(
    kind: ResourceKind,
    namespace: string | undefined,
    name: string,
    patch: unknown,
    options: WriteOptions & { subresource?: string } = {},
  ): Promise<KubeObject> {
    const target = {
      namespace,
      name,
      ...(options.subresource === undefined ? {} : { subresource: options.subresource }),
    };
    return (await this.#json({
      verb: 'patch',
      method: 'PATCH',
      path: resourcePath(kind, target),
      parameters: writeParameters(options),
      body: patch,
      contentType: 'application/merge-patch+json',
      retry: 'idempotent',
    })) as KubeObject;
  }

  async delete(
    kind: ResourceKind,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
  ): Promise<void> {
    try {
      await this.#json({
        verb: 'delete',
        method: 'DELETE',
        path: resourcePath(kind, { namespace, name }),
        body: {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          ...(options.propagationPolicy === undefined ? {} : { propagationPolicy: options.propagationPolicy }),
          ...(options.uid === undefined ? {} : { preconditions: { uid: options.uid } }),
        },
        retry: 'idempotent',
      });
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }

  getPath(path: string): Promise<unknown> {
    return this.#json({ verb: 'get', method: 'GET', path, retry: 'idempotent' });
  }

  watch(kind: ResourceKind, options: WatchOptions): Promise<WatchResult> {
    const path = resourcePath(kind, { namespace: options.namespace });
    return watchFrom(options, (parameters, timeoutMs) =>
      this.#open({ verb: 'watch', method: 'GET', path, parameters, retry: 'never' }, timeoutMs, options.signal),
    );
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  #json(call: Call): Promise<unknown> {
    return withRetries(
      async () => {
        const answer = await this.#open(call, this.#timeoutMs);
        const text = await answer.body.text();
        try {
          return JSON.parse(text) as unknown;
        } catch {
          // A login page of a gateway, or a wrong port: never quoted.
          throw new ApiError({
            status: answer.status,
            reason: 'NotJSON',
            path: call.path,
            verb: call.verb,
            message: 'the answer is not JSON',
          });
        }
      },
      { class: call.retry, alive: () => this.#alive, debug: this.#debug },
    );
  }

  /** One request whose answer has a status below 400, body unread. After a 401 once more with fresh credentials. */
  async #open(call: Call, timeoutMs: number, signal?: AbortSignal): Promise<HttpAnswer> {
    const request: HttpRequest = {
      method: call.method,
      path: call.path + query(call.parameters ?? {}),
      timeoutMs,
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.contentType === undefined ? {} : { contentType: call.contentType }),
      ...(call.accept === undefined ? {} : { accept: call.accept }),
      ...(signal === undefined ? {} : { signal }),
    };
    let answer = await this.#timed(call, request);
    if (answer.status === 401) {
      await answer.body.dump();
      this.#transport.renewCredentials();
      answer = await this.#timed(call, request);
    }
    this.#alive = true;
    if (answer.status < 400) return answer;
    const retryAfter = answer.headers['retry-after'];
    throw apiErrorOf(
      {
        status: answer.status,
        body: await answer.body.text(),
        retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
      },
      { verb: call.verb, path: call.path },
    );
  }

  async #timed(call: Call, request: HttpRequest): Promise<HttpAnswer> {
    if (this.#debug === undefined) return this.#transport.send(request);
    const start = performance.now();
    const answer = await this.#transport.send(request);
    this.#debug(`${call.verb} ${call.path} ${answer.status} ${Math.round(performance.now() - start)} ms`);
    return answer;
  }
}

function writeParameters(options: WriteOptions): Record<string, string | undefined> {
  return {
    fieldManager: options.fieldManager,
    dryRun: options.dryRun === true ? 'All' : undefined,
    fieldValidation: options.fieldValidation,
  };
}
