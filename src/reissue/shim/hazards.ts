import { ISSUE, NOTES, PULL } from '../hazards/row.ts';
import type { Hazard } from '../hazards.ts';
import { parseIP } from '../ip.ts';
import { APPLY_SET_LABEL } from './annotations.ts';
import type { Change } from './changes.ts';
import type { ShimForecast } from './forecast.ts';
import { type ShimRules, shimRulesFor } from './rules.ts';

interface Row extends Pick<Hazard, 'code' | 'since' | 'message' | 'source' | 'url' | 'advice'> {
  crosses: (from: ShimRules, to: ShimRules) => boolean;
  /** Whether the change of the Certificate is this one's doing. */
  shows: (change: Change) => boolean;
}

const gains =
  (rule: keyof ShimRules) =>
  (from: ShimRules, to: ShimRules): boolean =>
    from[rule] === false && to[rule] === true;

function texts(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

const ROWS: readonly Row[] = [
  {
    code: 'shim-ip-addresses',
    message:
      'Since 1.13 hosts of an Ingress that are IP addresses go to spec.ipAddresses of its Certificate, not to dnsNames.',
    since: ['1.13.0'],
    ...NOTES('1.13'),
    advice: 'Expect the reissue, or take the addresses out of spec.tls before the upgrade.',
    crosses: gains('splitsIPs'),
    shows: ({ path, before }) =>
      path === 'spec.dnsNames' && texts(before).some((name) => parseIP(String(name)) !== undefined),
  },
  {
    code: 'shim-applyset-label',
    message:
      'Since 1.17 the label applyset.kubernetes.io/part-of of an Ingress or Gateway is not handed down to its Certificate. Taking it away replaces the whole spec.',
    since: ['1.17.0'],
    ...ISSUE(7306),
    advice: 'Move what was added to the Certificate by hand to annotations of its maker before the upgrade.',
    crosses: gains('dropsApplySetLabel'),
    shows: ({ path }) => path === `metadata.labels["${APPLY_SET_LABEL}"]`,
  },
  {
    code: 'shim-durations',
    message:
      'Since 1.20 the annotations duration and renew-before reach Certificates that exist already, also those that were set long ago. The whole spec is replaced with them.',
    since: ['1.20.0'],
    ...PULL(8232),
    advice: 'Set the annotations to what the Certificate has now, or take them away.',
    crosses: gains('comparesDurations'),
    shows: ({ path }) => path === 'spec.duration' || path === 'spec.renewBefore',
  },
  {
    code: 'shim-alt-names',
    message: 'Since 1.21 the annotations alt-names and ip-sans of an Ingress or Gateway are obeyed.',
    since: ['1.21.0'],
    ...PULL(8927),
    advice: 'Take the annotations away before the upgrade, or expect the reissue.',
    crosses: gains('altNames'),
    shows: ({ path, before, after }) =>
      /^spec\.(dnsNames|ipAddresses)$/.test(path) && texts(after).some((name) => !texts(before).includes(name)),
  },
  {
    code: 'shim-duplicate-hosts',
    message: 'Since 1.21.2 a host that comes twice in the entries for one Secret is taken once.',
    since: ['1.21.2'],
    source: 'cert-manager 1.21.2 (pkg/controller/certificate-shim/sync.go, splitHosts)',
    url: 'https://github.com/cert-manager/cert-manager/blob/v1.21.2/pkg/controller/certificate-shim/sync.go',
    advice: 'Name each host once before the upgrade, or expect the reissue.',
    crosses: gains('deduplicates'),
    shows: ({ path, before }) =>
      /^spec\.(dnsNames|ipAddresses)$/.test(path) && new Set(texts(before)).size < texts(before).length,
  },
];

const OTHER = {
  code: 'shim-update',
  message:
    "The other release's shim makes something else of the Ingress, Gateway or ListenerSet than the one that runs.",
  since: [],
  source: 'cert-manager pkg/controller/certificate-shim/sync.go of both releases',
  url: 'https://github.com/cert-manager/cert-manager/blob/master/pkg/controller/certificate-shim/sync.go',
  advice: 'Compare the Certificate with what its maker asks for, and bring them together before the upgrade.',
};

/**
 * What the shim of another release does to a Certificate that the one that runs does not: nothing, or one hazard for each
 * of the upstream changes behind it. Its effect is `reissue`, if the Certificate is reissued because of it.
 */
export function shimHazards(
  before: ShimForecast | undefined,
  after: ShimForecast | undefined,
  versions: { from: string; to: string },
  reissued: boolean,
): Hazard[] {
  if (after === undefined || !['create', 'update', 'recreate', 'delete'].includes(after.action)) return [];
  const effect = reissued ? 'reissue' : 'next-issuance';
  const level = 'maker';
  if (after.action !== before?.action && after.action !== 'update') return [{ ...OTHER, level, effect }];
  const known = new Set((before?.changes ?? []).map((change) => JSON.stringify(change)));
  const changes = after.changes.filter((change) => !known.has(JSON.stringify(change)));
  if (changes.length === 0) return [];
  const [from, to] = [shimRulesFor(versions.from), shimRulesFor(versions.to)];
  const rows = ROWS.filter(({ crosses, shows }) => crosses(from, to) && changes.some(shows));
  if (rows.length === 0) return [{ ...OTHER, level, effect }];
  return rows.map(({ code, since, message, source, url, advice }) => {
    return { code, level, effect, since, message, source, url, advice };
  });
}
