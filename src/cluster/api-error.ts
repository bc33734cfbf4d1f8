/**
 * What the API server answered when it did not do as asked. The message is short and never the response body: a body
 * may repeat what was sent, and what was sent may be a Secret.
 */
export class ApiError extends Error {
  readonly status: number;
  /** `Status.reason` of Kubernetes: NotFound, Forbidden, AlreadyExists, Conflict, Invalid, Expired, …; '' when absent. */
  readonly reason: string;
  /** Path of the request, without query. */
  readonly path: string;
  /** Kubernetes verb: get, list, create, patch, delete, watch. */
  readonly verb: string;
  readonly retryAfterSeconds?: number;
  /** A create met AlreadyExists after an earlier try of the same create was cut off: the object may be our own. */
  readonly maybeOurs: boolean;
  /** The user as the API server knows it; only where a 403 names one. */
  readonly user: string;

  constructor(
    facts: { status: number; reason?: string; path: string; verb: string; message?: string },
    options: { retryAfterSeconds?: number; maybeOurs?: boolean; user?: string } = {},
  ) {
    const reason = facts.reason ?? '';
    const text = facts.message ?? '';
    super(
      `${facts.verb} ${facts.path}: ${facts.status}${reason === '' ? '' : ` ${reason}`}${text === '' ? '' : `: ${text}`}`,
    );
    this.name = 'ApiError';
    this.status = facts.status;
    this.reason = reason;
    this.path = facts.path;
    this.verb = facts.verb;
    this.maybeOurs = options.maybeOurs ?? false;
    this.user = options.user ?? '';
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** The server's own words (shortened, values removed), without the request in front; '' when there were none. */
  get detail(): string {
    const prefix = `${this.verb} ${this.path}: ${this.status}${this.reason === '' ? '' : ` ${this.reason}`}`;
    return this.message.slice(prefix.length).replace(/^: /, '');
  }

  /** The same error with the mark that the object may be our own. */
  asMaybeOurs(): ApiError {
    return new ApiError(
      { status: this.status, reason: this.reason, path: this.path, verb: this.verb, message: this.detail },
      { maybeOurs: true },
    );
  }
}

const MESSAGE_LIMIT = 300;
/** Messages about Secrets that quote names of objects, users and field managers, never a value. */
const NAMES_ONLY =
  /^secrets( "[a-z0-9.-]+")? is forbidden: User |^secrets "[a-z0-9.-]+" (already exists|not found)$|^Apply failed with \d+ conflicts?: /;

/**
 * `Status.message` made fit to be shown. The API server repeats rejected values ("Invalid value: …", "error found in #10
 * byte of …"); all of them go, for every kind, since any object may hold a credential. For Secrets every quoted text
 * goes too, except in messages that quote only names.
 */
export function shortMessage(message: string, path: string): string {
  let text = message.replaceAll(/\s+/g, ' ').trim();
  text = text.replaceAll(/Invalid value: "(?:[^"\\]|\\.)*"/g, 'Invalid value');
  text = text.replaceAll(/(Unsupported|Duplicate) value: "(?:[^"\\]|\\.)*"/g, '$1 value');
  // A value that is not a plain string (a list, an object) has no end that can be told: cut there.
  text = text.replace(/(Invalid|Unsupported|Duplicate) value: .*$/, '$1 value');
  text = text.replace(/(error found in|, bigger context|\.\.\.\|).*$/, '…');
  if (/\/secrets(\/|$)/.test(path) && !NAMES_ONLY.test(text)) {
    text = text.replaceAll(/"(?:[^"\\]|\\.)*"?/g, '"…"');
  }
  return text.length <= MESSAGE_LIMIT ? text : `${text.slice(0, MESSAGE_LIMIT)}…`;
}

/** The error for an answer of status ≥ 400; `body` is a Kubernetes Status, or whatever a proxy in between sent. */
export function apiErrorOf(
  answer: { status: number; body: string; retryAfter: string | undefined },
  request: { verb: string; path: string },
): ApiError {
  let reason = '';
  let message = '';
  let retryAfterSeconds = Number.parseInt(answer.retryAfter ?? '', 10);
  try {
    const status = JSON.parse(answer.body) as {
      kind?: unknown;
      reason?: unknown;
      message?: unknown;
      details?: { retryAfterSeconds?: unknown };
    };
    if (status.kind === 'Status') {
      if (typeof status.reason === 'string') reason = status.reason;
      if (typeof status.message === 'string') message = status.message;
      const seconds = status.details?.retryAfterSeconds;
      if (Number.isNaN(retryAfterSeconds) && typeof seconds === 'number') retryAfterSeconds = seconds;
    }
  } catch {
    // Not a Kubernetes Status: nothing of it is shown.
  }
  const user = answer.status === 403 ? (/User "([^"]{1,200})"/.exec(message)?.[1] ?? '') : '';
  return new ApiError(
    { status: answer.status, reason, message: shortMessage(message, request.path), ...request },
    { user, ...(Number.isNaN(retryAfterSeconds) ? {} : { retryAfterSeconds }) },
  );
}
