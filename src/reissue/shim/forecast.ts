import { type Certificate, type KubeObject, objectName, refName } from '../../model/objects.ts';
import type { Problem } from '../../model/problems.ts';
import { type Change, changesBetween } from './changes.ts';
import { FLAG_DEFAULTS, type ShimFlags } from './flags.ts';
import { inheritAnnotations } from './inherit.ts';
import { Certificates } from './inPlace.ts';
import { type Maker, type MakerKind, makerKind, readMaker } from './maker.ts';
import { type ShimRules, shimRulesFor } from './rules.ts';
import { type Step, type SyncResult, sync } from './sync.ts';
import { Undecidable } from './undecidable.ts';

export interface ShimOptions {
  /** The release of cert-manager whose shim is asked. */
  version: string;
  flags?: ShimFlags;
}

/** What the shim does to one Certificate, or what is wrong with a maker that has none. */
export interface ShimForecast {
  /** `Ingress/namespace/name`. */
  maker: string;
  /** As in Step; `idle`: the shim does nothing for this maker. */
  action: Step['action'] | 'idle';
  /** The Certificate in place. */
  certificate: Certificate | undefined;
  /** The Certificate as the shim leaves it; undefined where it is deleted or not made. */
  after: Certificate | undefined;
  /** `recreate`: the Certificate as it is written right before it is deleted. */
  written?: Certificate;
  /** What an update changes; empty for all else. */
  changes: Change[];
  problems: Problem[];
}

/**
 * What cert-manager's certificate-shim would do to these Certificates, given the Ingresses, Gateways and ListenerSets;
 * objects of other kinds are passed over. Pure; takes time in proportion to the number of objects. Throws as `rulesFor`
 * does for a version that certkeep does not know; a broken object makes its own forecasts undecidable only.
 */
export function shimForecast(
  makers: readonly KubeObject[],
  certificates: readonly Certificate[],
  options: ShimOptions,
): ShimForecast[] {
  const rules = shimRulesFor(options.version);
  const flags = { ...FLAG_DEFAULTS, ...options.flags };
  const inPlace = new Certificates(certificates);
  const gateways = new Map(
    makers
      .filter((object) => makerKind(object) === 'Gateway')
      .map((gateway) => [`${gateway.metadata?.namespace ?? ''}/${gateway.metadata?.name}`, gateway]),
  );
  const forecasts: ShimForecast[] = [];
  for (const object of makers) {
    const kind = makerKind(object);
    if (kind !== undefined) forecasts.push(...forecastMaker(object, kind, { rules, flags, inPlace, gateways }));
  }
  return settleRivals(forecasts);
}

interface World {
  rules: ShimRules;
  flags: Required<ShimFlags>;
  inPlace: Certificates;
  gateways: ReadonlyMap<string, KubeObject>;
}

function forecastMaker(object: KubeObject, kind: MakerKind, world: World): ShimForecast[] {
  const name = refName(kind, object.metadata?.namespace, String(object.metadata?.name ?? ''));
  let maker: Maker;
  let result: SyncResult;
  try {
    maker = readMaker(object, kind);
    result = run(maker, world);
  } catch (error) {
    if (!(error instanceof Undecidable)) throw error;
    return [{ ...none(name), action: 'undecidable', problems: [undecidable(name, error.message)] }];
  }
  const problems = makerProblems(name, result);
  if (result.idle !== undefined) {
    const left = world.inPlace.controlledBy(maker);
    if (left.length === 0) return problems.length === 0 ? [] : [{ ...none(name), problems }];
    return left.map((certificate) => ({ ...none(name), certificate, after: certificate, problems }));
  }
  const forecasts = result.steps.map((step) => forecastStep(name, step, world.flags));
  // What is wrong with the maker as a whole is said once.
  if (problems.length > 0) {
    const [first = none(name), ...rest] = forecasts;
    return [{ ...first, problems: [...problems, ...first.problems] }, ...rest];
  }
  return forecasts;
}

function run(maker: Maker, { rules, flags, inPlace, gateways }: World): SyncResult {
  const idle = (why: string): SyncResult => ({ steps: [], idle: { why, wrong: false }, skipped: [] });
  const runs = { Ingress: flags.ingresses, Gateway: flags.gateways, ListenerSet: flags.listenerSets }[maker.kind];
  if (!runs) return idle(`the controller does not look at ${maker.kind}s`);
  if (maker.kind !== 'ListenerSet') return sync(maker, inPlace, rules, flags);
  if (!rules.listenerSets) return idle('this release knows no ListenerSets');
  if (maker.beingDeleted) return idle('it is being deleted');
  const gateway = gateways.get(`${maker.parent.namespace}/${maker.parent.name}`);
  if (gateway === undefined) return idle('its Gateway is not there');
  const parent = readMaker(gateway, 'Gateway');
  if (parent.beingDeleted) return idle('its Gateway is being deleted');
  return sync(
    { ...maker, annotations: inheritAnnotations(maker.annotations, parent.annotations) },
    inPlace,
    rules,
    flags,
  );
}

function none(maker: string): ShimForecast {
  return { maker, action: 'idle', certificate: undefined, after: undefined, changes: [], problems: [] };
}

function forecastStep(maker: string, step: Step, flags: Required<ShimFlags>): ShimForecast {
  const { action, existing, after, written, why } = step;
  const forecast: ShimForecast = {
    maker,
    action,
    certificate: existing,
    after,
    ...(written === undefined ? {} : { written }),
    changes: [],
    problems: [],
  };
  if (action === 'undecidable') {
    return { ...forecast, problems: [undecidable(maker, why ?? '', existing)] };
  }
  if (action === 'refuse') return { ...forecast, problems: [refused(maker, existing)] };
  if (action !== 'update') return forecast;
  const changes = changesBetween(existing, after);
  if (!flags.serverSideApply) return { ...forecast, changes };
  const message = 'with the feature gate ServerSideApply an update leaves fields that others own';
  return { ...forecast, changes, action: 'undecidable', problems: [undecidable(maker, message, existing)] };
}

/** Two makers that want the same new Certificate: the first to come gets it, and which one that is cannot be told. */
function settleRivals(forecasts: ShimForecast[]): ShimForecast[] {
  const wanted = new Map<string, number>();
  const nameOf = ({ action, after }: ShimForecast): string | undefined =>
    action === 'create' && after !== undefined ? objectName(after) : undefined;
  for (const forecast of forecasts) {
    const name = nameOf(forecast);
    if (name !== undefined) wanted.set(name, (wanted.get(name) ?? 0) + 1);
  }
  return forecasts.map((forecast) => {
    const name = nameOf(forecast);
    if (name === undefined || wanted.get(name) === 1) return forecast;
    const message = `several objects ask for ${name}: the first to come makes it`;
    return {
      ...forecast,
      action: 'undecidable',
      problems: [...forecast.problems, undecidable(forecast.maker, message)],
    };
  });
}

function makerProblems(maker: string, { idle, skipped }: SyncResult): Problem[] {
  const problem = (message: string): Problem => ({
    severity: 'warning',
    code: 'maker-ignored',
    message,
    fix: `Correct ${maker}: until then changes of it do not reach its Certificates.`,
    object: maker,
  });
  const wrong = idle?.wrong === true ? [problem(`cert-manager does nothing for ${maker}: ${idle.why}.`)] : [];
  return [...wrong, ...skipped.map((why) => problem(`cert-manager leaves out a part of ${maker}: ${why}.`))];
}

function refused(maker: string, certificate: Certificate | undefined): Problem {
  const name = certificate === undefined ? '' : objectName(certificate);
  return {
    severity: 'warning',
    code: 'maker-ignored',
    message: `${maker} asks for ${name}, but does not own it: changes of ${maker} never reach this Certificate.`,
    fix: `Delete ${name} (its Secret stays) so that cert-manager makes it anew from ${maker}, or name another Secret there.`,
    object: maker,
  };
}

function undecidable(maker: string, why: string, certificate?: Certificate): Problem {
  const name = certificate === undefined ? maker : objectName(certificate);
  return {
    severity: 'warning',
    code: 'undecidable',
    message: `What cert-manager would do to ${name} because of ${maker} cannot be told: ${why}.`,
    fix: 'Look at the object; where it comes from a file, take it from the cluster anew.',
    object: name,
  };
}
