import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../model/objects.ts';
import { ApiError } from './api-error.ts';
import { isNetworkError } from './retry.ts';
import type { HttpAnswer } from './transport.ts';

export interface WatchOptions {
  namespace?: string;
  /** Of the list after which the watch begins. */
  resourceVersion: string;
  labelSelector?: string;
  fieldSelector?: string;
  signal: AbortSignal;
  /** `type`: ADDED, MODIFIED, DELETED. Bookmarks are not passed on. */
  onEvent(type: string, object: KubeObject): void;
}

export interface WatchResult {
  /** gone: the server no longer knows the past (410), events were missed. closed: reconnecting did not help. */
  ended: 'aborted' | 'gone' | 'closed';
  /** The last one seen. */
  resourceVersion: string;
}

interface WatchEvent {
  type: string;
  object: KubeObject & { code?: number };
}

const SERVER_TIMEOUT_S = 300;
/** Tries in a row without a single event in between. */
const MAX_FAILURES = 6;

/**
 * Watches until the signal, and goes on from the last resourceVersion whenever the server ends the stream: it does so
 * every few minutes, sometimes silently in the middle of a burst, and a watcher that stops there sees "nothing
 * happened". Throws ApiError for refusals (403, 404).
 */
export async function watchFrom(
  options: WatchOptions,
  open: (parameters: Record<string, string | undefined>, timeoutMs: number) => Promise<HttpAnswer>,
): Promise<WatchResult> {
  let resourceVersion = options.resourceVersion;
  let failures = 0;
  while (!options.signal.aborted) {
    try {
      const answer = await open(
        {
          watch: '1',
          allowWatchBookmarks: 'true',
          timeoutSeconds: String(SERVER_TIMEOUT_S),
          labelSelector: options.labelSelector,
          fieldSelector: options.fieldSelector,
          resourceVersion,
        },
        (SERVER_TIMEOUT_S + 30) * 1000,
      );
      for await (const line of lines(answer.body)) {
        const event = JSON.parse(line) as WatchEvent;
        if (event.type === 'ERROR') {
          if (event.object.code === 410) return { ended: 'gone', resourceVersion };
          throw new ApiError({ status: event.object.code ?? 500, path: '', verb: 'watch' });
        }
        failures = 0;
        resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion;
        if (event.type !== 'BOOKMARK') options.onEvent(event.type, event.object);
      }
    } catch (error) {
      if (options.signal.aborted) break;
      if (error instanceof ApiError && error.status === 410) return { ended: 'gone', resourceVersion };
      const passing = error instanceof ApiError ? error.status === 429 || error.status >= 500 : true;
      if (!passing) throw error;
      // A line cut in the middle (SyntaxError) is a cut connection too; anything else is a fault of ours.
      if (!(error instanceof ApiError || error instanceof SyntaxError || isNetworkError(error))) throw error;
      failures += 1;
      if (failures >= MAX_FAILURES) return { ended: 'closed', resourceVersion };
      await sleep(Math.min(200 * 2 ** failures, 5000), undefined, { signal: options.signal }).catch(() => {});
    }
  }
  return { ended: 'aborted', resourceVersion };
}

/** The lines of a stream, without their ends; a last one without an end was cut off and comes too. */
async function* lines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) if (part !== '') yield part;
  }
  if (rest !== '') yield rest;
}
