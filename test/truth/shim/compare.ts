import { isDeepStrictEqual } from 'node:util';
import type { Certificate } from '../../../src/model/objects.ts';
import { type ShimForecast, shimForecast } from '../../../src/reissue/shim/forecast.ts';
import type { Action, ShimCase, ShimVerdict } from './case.ts';

export interface Comparison {
  id: string;
  /** What cert-manager does, as a word for the table. */
  row: string;
  /** What differs; '' for nothing. */
  why: string;
}

/** Lets certkeep forecast a case and holds the forecast against what cert-manager's shim writes. */
export function compareShim(one: ShimCase, theirs: ShimVerdict, version: string): Comparison {
  const makers = [one.maker, ...(one.gateway === null ? [] : [one.gateway])];
  const name = `${one.maker.kind}/`;
  const ours = shimForecast(makers, one.certificates, { version, flags: one.flags }).filter(({ maker }) =>
    maker.startsWith(name),
  );
  return { id: one.id, row: rowOf(theirs), why: difference(ours, theirs, one) };
}

function difference(ours: ShimForecast[], theirs: ShimVerdict, { certificates }: ShimCase): string {
  if (theirs.panic !== undefined) return `cert-manager crashes: ${theirs.panic}`;
  const strange = ours.find(({ action }) => action === 'undecidable');
  if (strange !== undefined) return `undecidable: ${strange.problems[0]?.message}`;
  const expected = ours.flatMap(actionsOf).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const found = theirs.actions;
  const show = (actions: Action[]): string =>
    actions.map(({ verb, name }) => `${verb} ${name}`).join(', ') || 'nothing';
  if (show(expected) !== show(found)) return `${show(expected)}; cert-manager ${show(found)} ${theirs.error ?? ''}`;
  for (const [i, action] of expected.entries()) {
    const mine = written(action.certificate);
    const real = written(found[i]?.certificate);
    if (!isDeepStrictEqual(mine, real))
      return `${action.name}: ${JSON.stringify(mine)}; cert-manager ${JSON.stringify(real)}`;
  }
  return saysWhy(ours, theirs) || changesMatch(ours, certificates);
}

function actionsOf({ action, certificate, after, written: first }: ShimForecast): Action[] {
  const name = (after ?? certificate)?.metadata.name ?? '';
  switch (action) {
    case 'create':
      return [{ verb: 'create', name, ...(after === undefined ? {} : { certificate: after }) }];
    case 'update':
      return [{ verb: 'update', name, ...(after === undefined ? {} : { certificate: after }) }];
    case 'delete':
      return [{ verb: 'delete', name }];
    case 'recreate':
      // The sync updates it, deletes it, and makes it anew when it hears of that.
      return [
        { verb: 'update', name, ...(first === undefined ? {} : { certificate: first }) },
        { verb: 'delete', name },
      ];
    default:
      return [];
  }
}

/** What is compared: everything that the shim decides. */
function written(certificate: Certificate | undefined): unknown {
  if (certificate === undefined) return undefined;
  const { metadata, spec } = certificate;
  const { name, namespace, labels, annotations, ownerReferences } = metadata;
  return JSON.parse(JSON.stringify({ name, namespace, labels, annotations, ownerReferences, spec }));
}

/** A maker that the shim cannot work with must be complained about, and only such a one. */
function saysWhy(ours: ShimForecast[], theirs: ShimVerdict): string {
  const complaints =
    theirs.events.filter((event) => event.includes('BadConfig')).length + (theirs.error === undefined ? 0 : 1);
  const messages = new Set(
    ours.flatMap(({ problems }) => problems.map(({ message }) => message)).filter((m) => m.startsWith('cert-manager ')),
  );
  return complaints === messages.size
    ? ''
    : `${messages.size} complaints, cert-manager ${complaints}: ${theirs.events} ${theirs.error ?? ''}`;
}

/** An update that changes something says what. */
function changesMatch(ours: ShimForecast[], certificates: Certificate[]): string {
  for (const { action, certificate, after, changes } of ours) {
    if (certificate !== undefined && !certificates.includes(certificate))
      return 'another Certificate is said to be in place';
    if (action !== 'update') continue;
    const same = isDeepStrictEqual(written(certificate), written(after));
    if (same && changes.length > 0) return 'changes are named where there are none';
  }
  return '';
}

function rowOf({ actions, error, events, panic, unknown }: ShimVerdict): string {
  if (panic !== undefined) return 'crash';
  if (unknown === true) return 'kind not known';
  if (error !== undefined) return 'bad annotation';
  const verbs = [...new Set(actions.map(({ verb }) => verb))].sort();
  if (verbs.length > 0) return verbs.join(' and ');
  return events.some((event) => event.includes('BadConfig')) ? 'bad object' : 'nothing';
}

/** Agreement by what cert-manager does. */
export function shimTable(title: string, comparisons: readonly Comparison[]): string {
  const rows = new Map<string, [cases: number, differ: number]>();
  for (const { row, why } of comparisons) {
    for (const name of [row, 'all']) {
      const [cases, differ] = rows.get(name) ?? [0, 0];
      rows.set(name, [cases + 1, differ + (why === '' ? 0 : 1)]);
    }
  }
  const line = (name: string, cases: string | number, differ: string | number): string =>
    name.padEnd(32) + String(cases).padStart(8) + String(differ).padStart(8);
  const sorted = [...rows].sort(([a], [b]) => (a === 'all' ? 1 : b === 'all' ? -1 : a.localeCompare(b)));
  return [
    title,
    line('the shim does', 'cases', 'differ'),
    ...sorted.map(([name, [cases, differ]]) => line(name, cases, differ)),
  ].join('\n');
}
