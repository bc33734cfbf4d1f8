import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvHttpProxyAgent, fetch } from 'undici';
import { PublicError } from './public-error.ts';

/** Where the step runs: the runner's own variables, documented under "Default environment variables" by GitHub. */
export interface GitHubContext {
  /** `owner/name`. */
  repository: string;
  runId: string;
  serverUrl: string;
  apiUrl: string;
  /** How a workflow names this action, `owner/name@ref`. */
  uses: string;
  /** The event's payload; undefined where there is none or it is no JSON. */
  event: unknown;
}

/** Reads the context from the environment; what is missing becomes '' or github.com's. */
export function githubContext(env: Record<string, string | undefined>): GitHubContext {
  return {
    repository: env.GITHUB_REPOSITORY ?? '',
    runId: env.GITHUB_RUN_ID ?? '',
    serverUrl: (env.GITHUB_SERVER_URL ?? '').replace(/\/+$/, '') || 'https://github.com',
    apiUrl: (env.GITHUB_API_URL ?? '').replace(/\/+$/, '') || 'https://api.github.com',
    uses: usesOf(env.GITHUB_ACTION_REPOSITORY, env.GITHUB_ACTION_REF),
    event: readEvent(env.GITHUB_EVENT_PATH),
  };
}

/** Empty where the action is used by its path in the workspace. */
function usesOf(repository: string | undefined, ref: string | undefined): string {
  const name = /^[\w.-]+\/[\w.-]+$/.test(repository ?? '') ? repository : 'OWNER/certkeep';
  const version = /^[\w./@+-]+$/.test(ref ?? '') ? ref : 'VERSION';
  return `${name}@${version}`;
}

function readEvent(path: string | undefined): unknown {
  if (path === undefined || path === '') return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

export interface ApiAnswer {
  /** HTTP status. */
  status: number;
  /** The body, where the status is 200; else undefined. */
  body: unknown;
}

/** Asks GitHub's REST API for one path, such as `/repos/o/r`. */
export type AskGitHub = (path: string) => Promise<ApiAnswer>;

/**
 * An AskGitHub over the network, through the proxy that the environment names. Server errors and broken connections are
 * tried three times; the answer to anything else is given back as it is.
 */
export function askGitHub(apiUrl: string, token: string): AskGitHub {
  const dispatcher = new EnvHttpProxyAgent();
  return async (path) => {
    for (let attempt = 1; ; attempt++) {
      let cause: unknown;
      try {
        const response = await fetch(`${apiUrl}${path}`, {
          dispatcher,
          redirect: 'follow',
          signal: AbortSignal.timeout(30_000),
          headers: {
            accept: 'application/vnd.github+json',
            'x-github-api-version': '2022-11-28',
            'user-agent': 'certkeep',
            ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
          },
        });
        if (response.status < 500) {
          return { status: response.status, body: response.status === 200 ? await response.json() : undefined };
        }
        await response.body?.cancel();
        cause = new Error(`HTTP ${response.status}`);
      } catch (error) {
        cause = error;
      }
      if (attempt === 3) {
        throw unreachableGitHub(cause);
      }
      await sleep(500 * 2 ** attempt);
    }
  };
}

/** GitHub's REST API failed, or there is no way to it. */
export function unreachableGitHub(cause?: unknown): PublicError {
  return new PublicError(
    'artifact-service',
    "GitHub's REST API could not be reached, or did not answer. Likely a passing fault, or a runner without a way to it.",
    'Run the job again; on a self-hosted runner let it reach the address in `GITHUB_API_URL`. https://www.githubstatus.com tells of outages.',
    { cause },
  );
}
