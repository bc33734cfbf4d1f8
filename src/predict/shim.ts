import { type Certificate, objectName } from '../model/objects.ts';
import type { Problem } from '../model/problems.ts';
import type { MakerReport } from '../model/report.ts';
import { type ShimForecast, shimForecast } from '../reissue/shim/forecast.ts';
import { type Input, inputsOf } from './inputs.ts';
import { shimFlagsOf } from './shim-flags.ts';
import { nameOf, type PredictState } from './state.ts';

/** What the shim of one release does to the Certificates of a state. */
export interface ShimOutlook {
  /** `namespace/name` → the forecast, where it says more than that all stays as it is. */
  steps: ReadonlyMap<string, ShimForecast>;
  /** `namespace/name` → what cert-manager then decides from, where the shim changes or makes the Certificate. */
  inputs: ReadonlyMap<string, Input>;
  problems: Problem[];
}

/** The maker of a Certificate in the report, and what it does. */
export function makerReport({ maker, action, changes }: ShimForecast): MakerReport {
  const does = action === 'create' || action === 'update' || action === 'recreate' ? action : 'undecidable';
  return { object: maker, action: does, changes: changes.slice(0, LISTED).map(({ path }) => path) };
}

/** Findings of one sort that are listed one by one. */
const LISTED = 50;

/**
 * Lets the shim of a release run over the state. Certificates that are broken, and so have a finding of their own, are
 * left out.
 */
export function shimOutlook(state: PredictState, version: string): ShimOutlook {
  const none: ShimOutlook = { steps: new Map(), inputs: new Map(), problems: [] };
  if (state.makers.length === 0) return none;
  const { flags, known } = state.controllerFlags;
  const forecasts = shimForecast(state.makers, state.certificates, {
    version,
    flags: shimFlagsOf(flags, known, version),
  });
  const steps = new Map<string, ShimForecast>();
  for (const forecast of forecasts) {
    const certificate = forecast.certificate ?? forecast.after;
    if (certificate === undefined || ['keep', 'idle', 'refuse'].includes(forecast.action)) continue;
    if (!state.broken.has(nameOf(certificate))) steps.set(nameOf(certificate), forecast);
  }
  return { steps, inputs: inputsAfterwards(state, steps), problems: problemsOf(forecasts) };
}

/** The inputs of Certificates that are not there yet. */
export function newInputs({ steps, inputs }: ShimOutlook): Input[] {
  return [...inputs].flatMap(([name, input]) => (steps.get(name)?.certificate === undefined ? [input] : []));
}

/** The inputs of those that are changed or made, among all the others as they will be. */
function inputsAfterwards(state: PredictState, steps: ReadonlyMap<string, ShimForecast>): Map<string, Input> {
  const isTouched = (certificate: Certificate): boolean => steps.get(nameOf(certificate))?.after !== undefined;
  const made = [...steps.values()].flatMap(({ certificate, after }) =>
    certificate === undefined && after !== undefined ? [after] : [],
  );
  if (made.length === 0 && !state.certificates.some(isTouched)) return new Map();
  const certificates = [
    ...state.certificates.map((certificate) => steps.get(nameOf(certificate))?.after ?? certificate),
    ...made,
  ];
  const inputs = inputsOf({ ...state, certificates }).filter(({ certificate }) => isTouched(certificate));
  return new Map(
    inputs.map((input) => {
      const name = nameOf(input.certificate);
      // Where a part of the source is not known, the Certificate may be there already.
      const isNew = steps.get(name)?.certificate === undefined && input.unknown === '' && state.partial !== '';
      return [name, isNew ? { ...input, unknown: `${state.partial}, and it may be in it` } : input];
    }),
  );
}

/** What is wrong with makers; what is undecidable about a Certificate becomes the prediction for that. */
function problemsOf(forecasts: readonly ShimForecast[]): Problem[] {
  const problems = forecasts.flatMap(({ action, certificate, after, problems: own, maker }) => [
    ...own.filter(({ code }) => code !== 'undecidable' || (certificate ?? after) === undefined),
    ...(action === 'delete' && certificate !== undefined ? [deleted(maker, certificate)] : []),
  ]);
  if (problems.length <= LISTED) return problems;
  return [
    ...problems.slice(0, LISTED),
    {
      severity: 'warning',
      code: 'maker-ignored',
      message: `${problems.length - LISTED} more such findings about Ingresses, Gateways and ListenerSets.`,
      fix: 'Correct those above first.',
    },
  ];
}

function deleted(maker: string, certificate: Certificate): Problem {
  const name = objectName(certificate);
  return {
    severity: 'warning',
    code: 'made-by-another-object',
    message: `${maker} does not ask for ${name} any more: cert-manager deletes it. Its Secret stays, and is not renewed.`,
    fix: `Name the Secret in ${maker} again, if it is in use.`,
    object: name,
  };
}
