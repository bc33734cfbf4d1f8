import { parseDuration } from '../model/duration.ts';
import type { Issuer } from '../model/objects.ts';
import type { CaCost, CaLimitUse } from '../model/report.ts';
import { type Judged, renewalTime } from './judge.ts';
import { type CaLimit, type CaLimits, limitsOf } from './limits.ts';
import { acmeServers, type Order, orderOf, registeredDomain } from './orders.ts';

/** Of a limit that is not exceeded, so many of what comes nearest to it are named. */
const NEAREST = 10;

/**
 * What issuing would be asked of each ACME server, now and until the end of the horizon, beside its limits. Counted from
 * nothing: what was ordered before now is not known.
 */
export function costOf(
  judged: readonly Judged[],
  issuers: readonly Issuer[],
  time: { now: number; until: number },
  given: readonly CaLimits[],
): CaCost[] {
  const servers = acmeServers(issuers);
  if (servers.size === 0) return [];
  const orders = judged.flatMap((one) => {
    const at = orderTime(one, time);
    const order = at === undefined ? undefined : orderOf(one, at, servers);
    return order === undefined ? [] : [order];
  });
  return [...Map.groupBy(orders, ({ server }) => server)]
    .map(([server, those]): CaCost => {
      const limits = limitsOf(server, given);
      return {
        server,
        ca: limits?.name ?? '',
        ordersNow: those.filter(({ at }) => at <= time.now).length,
        renewals: those.filter(({ at }) => at > time.now).length,
        limits: limits === undefined ? [] : limits.limits.flatMap((limit) => uses(those, limit)),
      };
    })
    .sort((a, b) => b.ordersNow + b.renewals - a.ordersNow - a.renewals || (a.server < b.server ? -1 : 1));
}

/** When it would be ordered; undefined where not before the end of the horizon. */
function orderTime({ decision }: Judged, { now, until }: { now: number; until: number }): number | undefined {
  // One in back-off is ordered when that ends.
  if (decision.outcome === 'reissue') return Math.max(now, decision.at === null ? now : Date.parse(decision.at));
  const at = renewalTime(decision);
  return at !== undefined && at <= until ? Math.max(at, now) : undefined;
}

function uses(orders: readonly Order[], limit: CaLimit): CaLimitUse[] {
  const windowMs = parseDuration(limit.window) ?? 0;
  const times = new Map<string, number[]>();
  for (const order of orders) {
    if (order.isRenewal && !limit.countsRenewals) continue;
    for (const of of countedBy(order, limit)) {
      const list = times.get(of);
      if (list === undefined) times.set(of, [order.at]);
      else list.push(order.at);
    }
  }
  const all = [...times]
    .map(([of, list]): CaLimitUse => {
      const most = mostWithin(list, windowMs);
      return {
        per: limit.per,
        of,
        limit: limit.count,
        window: limit.window,
        orders: most,
        exceeded: most > limit.count,
      };
    })
    .sort((a, b) => b.orders - a.orders || (a.of < b.of ? -1 : 1));
  const exceeded = all.filter((use) => use.exceeded);
  return all.slice(0, Math.max(exceeded.length, NEAREST));
}

function countedBy(order: Order, { per }: CaLimit): Iterable<string> {
  if (per === 'account') return [order.account];
  if (per === 'exact-names') return [order.names.join(' ')];
  return new Set(order.names.map(registeredDomain));
}

/** The most of these times that lie within one window. */
function mostWithin(times: number[], windowMs: number): number {
  const sorted = times.sort((a, b) => a - b);
  let most = 0;
  let first = 0;
  for (const [i, time] of sorted.entries()) {
    while (time - (sorted[first] ?? time) >= windowMs) first += 1;
    most = Math.max(most, i - first + 1);
  }
  return most;
}
