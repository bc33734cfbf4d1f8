import type { Cluster } from '../cluster/client.ts';
import { EVENT } from '../model/kinds.ts';
import type { KubeObject } from '../model/objects.ts';
import { listIn } from './read.ts';

interface EventShape extends KubeObject {
  involvedObject?: { kind?: string; namespace?: string; name?: string };
  reason?: string;
  message?: string;
  lastTimestamp?: string | null;
  eventTime?: string | null;
  source?: { component?: string };
  reportingComponent?: string;
}

/** The issuing controller says this when it is done (issuing_controller.go); it explains nothing. */
const SUCCESS = 'The certificate has been successfully issued';

/**
 * Why cert-manager began to issue, in its own words, by `namespace/name` of the Certificate: from the events of its
 * trigger controller since `since`. Events live about an hour and may be lost, so this may be empty; so it is where they
 * may not be read.
 */
export async function issuingReasons(
  cluster: Cluster,
  namespaces: readonly string[],
  since: Date,
): Promise<Map<string, string>> {
  let events: EventShape[];
  try {
    const fieldSelector = 'involvedObject.kind=Certificate,reason=Issuing';
    events = (await listIn(cluster, EVENT, namespaces, { fieldSelector })) as EventShape[];
  } catch {
    return new Map();
  }
  const reasons = new Map<string, { at: number; message: string }>();
  for (const event of events) {
    const at = Date.parse(event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? '');
    const { namespace, name } = event.involvedObject ?? {};
    if (!event.message || event.message === SUCCESS || at < since.getTime()) continue;
    const key = `${namespace ?? ''}/${name ?? ''}`;
    // The first one is what set off the chain.
    const known = reasons.get(key);
    if (known === undefined || at < known.at) reasons.set(key, { at, message: event.message });
  }
  return new Map([...reasons].map(([key, { message }]) => [key, message]));
}
