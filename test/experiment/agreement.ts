import type { Observed } from './controller.ts';
import type { Predicted } from './predicted.ts';
import type { State } from './state.ts';

/** What was said of a state before the controller started, and what the controller did. */
export interface Line {
  state: string;
  about: string;
  predicted: string;
  observed: string;
  /** cert-manager's own words, as predicted; '' where nothing is issued. */
  message: string;
  agree: boolean;
  /** What differs. */
  why: string;
}

/**
 * Compares outcome, reason and message. The Issuing condition shows both words, the trigger controller's event the
 * message. Of a Certificate that was issuing before the controller started there is no event.
 */
export function compareStates(
  states: readonly State[],
  predicted: ReadonlyMap<string, Predicted>,
  observed: ReadonlyMap<string, Observed>,
): Line[] {
  return states.map(({ name, about }) => {
    const [said, done] = [predicted.get(`${name}/web`), observed.get(`${name}/web`)];
    if (said === undefined || done === undefined) throw new Error(`${name}: no Certificate was judged`);
    const why = difference(said, done, about === 'gate issuing');
    return {
      state: name,
      about,
      predicted: [said.outcome, said.reason].filter((word) => word !== '').join(' '),
      observed: [done.outcome, done.reason].filter((word) => word !== '').join(' '),
      message: said.message,
      agree: why === '',
      why,
    };
  });
}

function difference(said: Predicted, done: Observed, wasIssuing: boolean): string {
  const differs = (what: string, a: string, b: string): string => (a === b ? '' : `${what}: "${a}", not "${b}"`);
  const now = said.outcome === 'later' ? 'keep' : said.outcome;
  const outcome = differs('outcome', done.outcome, now);
  if (outcome !== '' || now === 'keep') return outcome;
  const words = differs('reason', done.reason, said.reason) || differs('message', done.message, said.message);
  if (words !== '' || wasIssuing) return words;
  return done.events.includes(said.message) ? '' : `no event says "${said.message}"`;
}

export function printLines(title: string, lines: readonly Line[]): string {
  const agreeing = lines.filter(({ agree }) => agree).length;
  const row = (state: string, predicted: string, observed: string, agree: string): string =>
    `${state.padEnd(38)}${predicted.padEnd(34)}${observed.padEnd(34)}${agree}`;
  return [
    title,
    row('state', 'predicted', 'observed', 'agree'),
    ...lines.map((line) => row(line.state, line.predicted, line.observed, line.agree ? 'yes' : `NO: ${line.why}`)),
    `${agreeing} of ${lines.length} agree`,
  ].join('\n');
}
