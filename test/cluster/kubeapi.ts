import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

/** Any Kubernetes object, loosely: this client is for the tests' own use and knows no types. */
export interface AnyObject {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    generation?: number;
    deletionTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    [key: string]: unknown;
  };
  [key: string]: unknown;
}

/** An answer of 400 or more. */
export class KubeError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface Credentials {
  server: string;
  ca: string;
  cert: string;
  key: string;
}

const REQUEST_TIMEOUT_MS = 60_000;

/** A minimal JSON client of the API server, independent of certkeep's own. Requests that fail are not repeated. */
export class KubeApi {
  readonly server: string;
  readonly #agent: Agent;

  constructor(credentials: Credentials) {
    this.server = credentials.server;
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: 32,
      ca: credentials.ca,
      cert: credentials.cert,
      key: credentials.key,
    });
  }

  /** Sends one request and returns the JSON of the answer, within 60 s. Throws KubeError, or the network's error. */
  async call<T = AnyObject>(method: string, path: string, body?: unknown, contentType?: string): Promise<T> {
    const response = await this.#send(method, path, body, contentType, AbortSignal.timeout(REQUEST_TIMEOUT_MS));
    const text = await textOf(response);
    const status = response.statusCode ?? 0;
    if (status >= 400) throw new KubeError(status, `${method} ${path}: ${status} ${messageOf(text)}`);
    return (text === '' ? {} : JSON.parse(text)) as T;
  }

  /** Whether the API server answers within a second that this object exists. Never throws. */
  async answers(path: string): Promise<boolean> {
    try {
      const response = await this.#send('GET', path, undefined, undefined, AbortSignal.timeout(1_000));
      response.resume();
      return response.statusCode === 200;
    } catch {
      return false;
    }
  }

  /** GET that gives undefined for 404. */
  async find(path: string): Promise<AnyObject | undefined> {
    try {
      return await this.call('GET', path);
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Server-side apply by force, under a manager's name. */
  apply(path: string, object: AnyObject, manager: string): Promise<AnyObject> {
    return this.call('PATCH', `${path}?fieldManager=${manager}&force=true`, object, 'application/apply-patch+yaml');
  }

  mergePatch(path: string, patch: unknown): Promise<AnyObject> {
    return this.call('PATCH', path, patch, 'application/merge-patch+json');
  }

  /**
   * Lists, then watches until the signal ends it. `onChange` gets every object as it is now; `gone` says that it was
   * deleted. A watch that ends or fails is taken up again from a new list, so nothing is missed for long.
   */
  async follow(path: string, signal: AbortSignal, onChange: (object: AnyObject, gone: boolean) => void): Promise<void> {
    let known = new Map<string, AnyObject>();
    const keyOf = (object: AnyObject) => `${object.metadata.namespace}/${object.metadata.name}`;
    const joint = path.includes('?') ? '&' : '?';
    while (!signal.aborted) {
      try {
        const list = await this.call<{ items: AnyObject[]; metadata: { resourceVersion: string } }>('GET', path);
        const now = new Map(list.items.map((item) => [keyOf(item), item]));
        for (const [key, old] of known) if (!now.has(key)) onChange(old, true);
        for (const item of now.values()) onChange(item, false);
        known = now;
        const query = `${joint}watch=true&resourceVersion=${list.metadata.resourceVersion}&timeoutSeconds=600`;
        for await (const event of this.#events(`${path}${query}`, signal)) {
          if (event.type === 'ERROR') break;
          const gone = event.type === 'DELETED';
          if (gone) known.delete(keyOf(event.object));
          else known.set(keyOf(event.object), event.object);
          onChange(event.object, gone);
        }
      } catch {
        if (!signal.aborted) await sleep(200);
      }
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async *#events(path: string, signal: AbortSignal): AsyncGenerator<{ type: string; object: AnyObject }> {
    const response = await this.#send('GET', path, undefined, undefined, signal);
    if (response.statusCode !== 200) {
      response.destroy();
      return;
    }
    let rest = '';
    for await (const text of response.setEncoding('utf8')) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield JSON.parse(line);
    }
  }

  #send(
    method: string,
    path: string,
    body?: unknown,
    contentType = 'application/json',
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const headers: Record<string, string> = { accept: 'application/json' };
      if (payload !== undefined) {
        headers['content-type'] = contentType;
        // Node sends the body of a DELETE without a length unless told: the rest of the connection is garbage then.
        headers['content-length'] = String(Buffer.byteLength(payload));
      }
      const options = { method, headers, agent: this.#agent, ...(signal ? { signal } : {}) };
      const request = httpsRequest(this.server + path, options, resolve);
      request.on('error', reject);
      request.end(payload);
    });
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part;
  return text;
}

function messageOf(text: string): string {
  try {
    return String((JSON.parse(text) as { message?: string }).message ?? '');
  } catch {
    return text.slice(0, 200);
  }
}
