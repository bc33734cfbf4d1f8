import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from './api-error.ts';

/** How a request may be repeated. */
export type RetryClass =
  /** GET, and writes that come to the same when done twice (apply, merge patch, delete): also after a cut connection. */
  | 'idempotent'
  /** A create: after a cut connection it is tried again, and what comes back is marked (ApiError.maybeOurs). */
  | 'create'
  /** Not at all. */
  | 'never';

export interface RetryOptions {
  class: RetryClass;
  /** True once the server has answered anything: a server that was there is worth waiting for longer. */
  alive: () => boolean;
  debug?: ((line: string) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** First delay in milliseconds; it doubles each time. For tests. */
  baseMs?: number;
}

const MAX_TRIES = 6;
const MAX_DELAY_MS = 10_000;
/** What the server asks for is honoured up to here. */
const MAX_RETRY_AFTER_MS = 30_000;

/** Codes of errors below HTTP after which the same request may well succeed. */
const PASSING = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

/** The code of the innermost cause that has one: undici wraps what the socket said. '' when there is none. */
export function errorCode(error: unknown): string {
  let code = '';
  for (let e: unknown = error, depth = 0; e instanceof Error && depth < 5; depth += 1) {
    const own = (e as { code?: unknown }).code;
    if (typeof own === 'string') code = own;
    // An AggregateError of a host with several addresses: the first tells enough.
    e = e.cause ?? (e instanceof AggregateError ? e.errors[0] : undefined);
  }
  return code;
}

/** True for errors of the network, where it is not known whether the request was carried out. */
export function isNetworkError(error: unknown): boolean {
  return PASSING.has(errorCode(error));
}

/**
 * Runs `attempt` until it succeeds, until it fails in a way that repetition does not mend, or until the tries are used
 * up; then its last error is thrown. 429 is always repeated (the server did not begin), 403 and 422 never.
 */
export async function withRetries<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  let cutOff = false;
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (cutOff && options.class === 'create' && error instanceof ApiError && error.reason === 'AlreadyExists') {
        throw error.asMaybeOurs();
      }
      if (!mayRepeat(error, options, tries)) throw error;
      if (!(error instanceof ApiError && error.status === 429)) cutOff = true;
      const delay = delayMs(error, tries, options.baseMs ?? 200);
      options.debug?.(
        `try ${tries} failed (${error instanceof ApiError ? error.status : errorCode(error)}), again in ${delay} ms`,
      );
      await sleep(delay, undefined, options.signal === undefined ? {} : { signal: options.signal });
    }
  }
}

function mayRepeat(error: unknown, options: RetryOptions, tries: number): boolean {
  if (options.class === 'never' || options.signal?.aborted === true) return false;
  if (error instanceof ApiError) {
    if (error.status === 429) return tries < MAX_TRIES;
    if (error.status === 500) return options.class === 'idempotent' && tries < 3;
    return [502, 503, 504].includes(error.status) && tries < MAX_TRIES;
  }
  if (!isNetworkError(error)) return false;
  // A silence has cost a minute already.
  if (/(HEADERS|BODY)_TIMEOUT$/.test(errorCode(error))) return tries < 2;
  // Nobody wants to wait for a server that never was there: one more try, then say so.
  return tries < (options.alive() ? MAX_TRIES : 2);
}

function delayMs(error: unknown, tries: number, baseMs: number): number {
  if (error instanceof ApiError && error.retryAfterSeconds !== undefined) {
    return Math.min(error.retryAfterSeconds * 1000, MAX_RETRY_AFTER_MS) + Math.round(Math.random() * baseMs);
  }
  const full = Math.min(baseMs * 2 ** (tries - 1), MAX_DELAY_MS);
  return Math.round(full / 2 + Math.random() * (full / 2));
}
