import type { RequestOptions } from 'node:https';
import type { TLSSocketOptions } from 'node:tls';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { CertkeepError } from '../model/problems.ts';
import { PluginError } from './exec-plugin.ts';
import type { LoadedKubeconfig } from './kubeconfig.ts';
import { OidcError } from './oidc.ts';

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path and query below the server's URL. */
  path: string;
  body?: string;
  contentType?: string;
  /** Default application/json. */
  accept?: string;
  /** Longest silence in milliseconds before the headers, and between parts of the body. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Dispatcher.ResponseData['body'];
}

/** What one set of credentials needs: TLS options for the connection, headers for each request. */
interface Identity {
  headers: Record<string, string | string[]>;
  tls: TlsOptions;
}
type TlsOptions = Pick<TLSSocketOptions, 'cert' | 'key' | 'ca' | 'rejectUnauthorized'> & { servername?: string };

/** Credentials are asked of client-node this often: token files and exec plugins renew theirs. */
const IDENTITY_LIFETIME_MS = 30_000;
const JUST_FRESH_MS = 1000;
const CONNECT_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 64;

/**
 * HTTPS to one API server over one pool of kept connections. client-node does the authentication; it would build a new
 * dispatcher, and with it a new TLS connection, for every request.
 */
export class Transport {
  readonly #origin: string;
  readonly #base: string;
  readonly #load: () => LoadedKubeconfig;
  readonly #proxy: string | undefined;
  #loaded: LoadedKubeconfig;
  #identity: { value: Promise<Identity>; at: number } | undefined;
  #dispatcher: { value: Dispatcher; key: string } | undefined;

  /**
   * `load` reads the kubeconfig (again, after a 401: a renewed one may lie there by then); `proxy` is the URL of the
   * proxy, or undefined.
   */
  constructor(load: () => LoadedKubeconfig, loaded: LoadedKubeconfig, proxy: string | undefined) {
    const server = new URL(loaded.server);
    this.#origin = server.origin;
    this.#base = server.pathname.replace(/\/$/, '');
    this.#load = load;
    this.#loaded = loaded;
    this.#proxy = proxy;
  }

  /** Gets the credentials, without a request to the server. Throws CertkeepError `bad-kubeconfig`. */
  async prepare(): Promise<void> {
    await this.#dispatcherFor(await this.#credentials());
  }

  /**
   * Forgets the credentials, so that the next request asks for fresh ones. Not where they are only just fresh: many
   * requests in parallel may meet a 401 at once.
   */
  renewCredentials(): void {
    if (this.#identity !== undefined && Date.now() - this.#identity.at < JUST_FRESH_MS) return;
    this.#loaded = this.#load();
    this.#identity = undefined;
  }

  /** One request. Throws what the socket threw; an answer of any status is an answer. The caller must read the body. */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    const identity = await this.#credentials();
    const dispatcher = await this.#dispatcherFor(identity);
    const answer = await this.#dispatch(dispatcher, {
      origin: this.#origin,
      path: this.#base + request.path,
      method: request.method,
      headers: {
        ...identity.headers,
        accept: request.accept ?? 'application/json',
        'user-agent': 'certkeep',
        ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
      },
      body: request.body ?? null,
      headersTimeout: request.timeoutMs,
      bodyTimeout: request.timeoutMs,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    return { status: answer.statusCode, headers: answer.headers, body: answer.body };
  }

  async #dispatch(dispatcher: Dispatcher, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
    try {
      return await dispatcher.request(options);
    } catch (error) {
      if (this.#proxy === undefined || (error as Error).name === 'AbortError') throw error;
      throw new ProxiedError(URL.parse(this.#proxy)?.host ?? '', error);
    }
  }

  /** Closes all connections, open watches included. */
  async close(): Promise<void> {
    await this.#dispatcher?.value.destroy();
    this.#dispatcher = undefined;
  }

  #credentials(): Promise<Identity> {
    const now = Date.now();
    if (this.#identity === undefined || now - this.#identity.at > IDENTITY_LIFETIME_MS) {
      const value = credentialsOf(this.#loaded);
      this.#identity = { value, at: now };
      // A failure is not kept: the next request tries anew.
      value.catch(() => {
        if (this.#identity?.value === value) this.#identity = undefined;
      });
    }
    return this.#identity.value;
  }

  async #dispatcherFor(identity: Identity): Promise<Dispatcher> {
    const key = JSON.stringify(Object.values(identity.tls).map(String));
    if (this.#dispatcher?.key === key) return this.#dispatcher.value;
    const old = this.#dispatcher?.value;
    this.#dispatcher = { value: this.#newDispatcher(identity.tls), key };
    // Requests under way on the old connections end by themselves.
    void old?.close().catch(() => {});
    return this.#dispatcher.value;
  }

  #newDispatcher(tls: TlsOptions): Dispatcher {
    const pool = { connections: MAX_CONNECTIONS, pipelining: 1, allowH2: false, keepAliveTimeout: 20_000 };
    if (this.#proxy !== undefined) {
      try {
        return new ProxyAgent({ ...pool, uri: this.#proxy, requestTls: tls });
      } catch (error) {
        throw new CertkeepError(
          'bad-kubeconfig',
          'The proxy on the way to the API server cannot be used: its URL is not one of http, https or socks5.',
          'Correct proxy-url in the kubeconfig, or HTTPS_PROXY; NO_PROXY lists the hosts to reach without it.',
          { cause: error },
        );
      }
    }
    return new Agent({
      ...pool,
      connect: { ...tls, keepAlive: true, keepAliveInitialDelay: 30_000, timeout: CONNECT_TIMEOUT_MS },
    });
  }
}

/** A failure below HTTP on a way that leads through a proxy. */
export class ProxiedError extends Error {
  /** Host and port of the proxy. */
  readonly proxy: string;

  constructor(proxy: string, cause: unknown) {
    super(`through the proxy ${proxy}`, { cause });
    this.name = 'ProxiedError';
    this.proxy = proxy;
  }
}

async function credentialsOf(loaded: LoadedKubeconfig): Promise<Identity> {
  const options: RequestOptions = { headers: {} };
  try {
    await loaded.config.applyToHTTPSOptions(options);
    const own = await loaded.credential?.();
    if (own !== undefined) {
      if (own.token !== '') options.headers = { ...options.headers, authorization: `Bearer ${own.token}` };
      if (own.certificate !== '') Object.assign(options, { cert: own.certificate, key: own.key });
    }
  } catch (error) {
    throw explainCredentials(error, loaded);
  }
  const headers: Record<string, string | string[]> = { ...loaded.impersonation };
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (value !== undefined)
      headers[name.toLowerCase()] = typeof value === 'number' ? String(value) : (value as string);
  }
  if (options.auth) headers.authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  // A token file usually ends in a newline, which no header may hold.
  if (typeof headers.authorization === 'string') headers.authorization = headers.authorization.trim();
  const { ca, cert, key, rejectUnauthorized, servername } = options;
  // OpenSSL takes rubbish for an empty list of CAs, and the server would be blamed for it.
  if (ca !== undefined && !String(ca).includes('-----BEGIN ')) {
    throw new CertkeepError(
      'bad-kubeconfig',
      `The CA of the cluster entry of context "${loaded.context}" is not a PEM certificate.`,
      'Write the kubeconfig anew; pasting it into a workflow secret may have cut it off.',
    );
  }
  return {
    headers,
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key: key as string | Buffer }),
      ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
      ...(servername === undefined ? {} : { servername }),
    },
  };
}

function explainCredentials(error: unknown, loaded: LoadedKubeconfig): CertkeepError {
  const file = error as NodeJS.ErrnoException;
  if (error instanceof PluginError) {
    const { missing } = error;
    return new CertkeepError(
      'bad-kubeconfig',
      `The credential plugin "${loaded.plugin}" of context "${loaded.context}" ${missing ? 'is not installed' : `failed: ${error.message}`}.`,
      missing
        ? 'Install it on this machine, or use a kubeconfig with a token or a client certificate.'
        : 'Run it by hand; in a workflow, log in to the cloud provider in an earlier step.',
      { cause: error },
    );
  }
  if (error instanceof OidcError) {
    return new CertkeepError(
      'bad-kubeconfig',
      `The OIDC login of context "${loaded.context}" cannot be used: ${error.message}.`,
      'Log in again, or give the user entry id-token, refresh-token, client-id and idp-issuer-url.',
      { cause: error.cause },
    );
  }
  if (typeof file.path === 'string' && typeof file.code === 'string') {
    return new CertkeepError(
      'bad-kubeconfig',
      `The kubeconfig names the file ${file.path}, which ${file.code === 'ENOENT' ? 'does not exist' : `cannot be read (${file.code})`}.`,
      'Correct the path, or embed the file: kubectl config view --flatten --raw.',
      { cause: error },
    );
  }
  return new CertkeepError(
    'bad-kubeconfig',
    `The credentials of context "${loaded.context}" cannot be used.`,
    'Check the user entry of the kubeconfig: kubectl --context NAME auth whoami.',
  );
}
