import { decide } from '../../src/reissue/decide.ts';
import { controllerFlags } from '../../src/reissue/flags.ts';
import type { Decision } from '../../src/reissue/input.ts';
import type { Case } from './case.ts';
import type { Verdict } from './run.ts';

export interface Comparison {
  case: Case;
  ours: Decision;
  theirs: Verdict;
  result: 'agree' | 'undecidable' | 'differ';
  /** What differs. */
  why: string;
}

/** Lets certkeep decide a case and holds the decision against cert-manager's. */
export function compare(one: Case, theirs: Verdict, version: string): Comparison {
  const ours = decide(
    {
      certificate: one.certificate,
      secret: one.secret ?? undefined,
      requests: one.requests,
      siblings: [one.certificate, ...one.siblings],
    },
    { now: new Date(one.now), version, flags: controllerFlags(one.flags ?? []) },
  );
  if (ours.outcome === 'undecidable') return { case: one, ours, theirs, result: 'undecidable', why: ours.message };
  const why = difference(ours, theirs);
  return { case: one, ours, theirs, result: why === '' ? 'agree' : 'differ', why };
}

function difference(ours: Decision, theirs: Verdict): string {
  const wrong = (what: string, a: unknown, b: unknown): string =>
    a === b ? '' : `${what}: ${JSON.stringify(a)}, cert-manager ${JSON.stringify(b)}`;
  if (theirs.outcome === 'error' || theirs.outcome === 'panic')
    return `decided, but cert-manager ${theirs.outcome}s: ${theirs.error}`;
  const gate = wrong('gate', ours.gate ?? '', theirs.gate ?? '');
  if (gate !== '') return gate;
  switch (theirs.gate) {
    case 'issuing':
      return wrong('outcome', ours.outcome, 'reissue');
    case 'back-off':
      return '';
    case 'duplicate-requests':
      return wrong('outcome', ours.outcome, 'keep') || wrong('message', ours.message, theirs.message);
    case 'not-owner':
    case 'deleting':
      return wrong('outcome', ours.outcome, 'keep');
    default:
  }
  return (
    wrong('outcome', ours.outcome, theirs.outcome) ||
    wrong('policy', ours.policy, theirs.policy ?? '') ||
    wrong('reason', ours.reason, theirs.reason ?? '') ||
    wrong('message', ours.message, theirs.message ?? '') ||
    (theirs.outcome === 'keep' || ours.policy === 'CurrentCertificateNearingExpiry'
      ? wrong('at', ours.at ?? '', theirs.at ?? '')
      : '')
  );
}

export interface Row {
  policy: string;
  cases: number;
  agree: number;
  undecidable: number;
  differ: number;
}

/**
 * Whether cert-manager itself decides this by chance, so that there is nothing to agree with: 1.13.2 and 1.13.3 sort the
 * Certificates of a shared Secret by a list without order.
 */
export function isByChance({ twin }: Case, version: string): boolean {
  return /^1\.13\.[23]$/.test(version) && twin.startsWith('shared-');
}

/** Agreement of a release in one line of the closing table. */
export interface Agreement {
  version: string;
  cases: number;
  agree: number;
  undecidable: number;
  differ: number;
}

/** Agreement by release; the share is of the cases that certkeep decides. */
export function printAgreement(releases: readonly Agreement[]): string {
  const line = (cells: (string | number)[]): string => cells.map((cell) => String(cell).padStart(12)).join('');
  return [
    line(['cert-manager', 'cases', 'agree', 'undecidable', 'differ', 'agreement']),
    ...releases.map(({ version, cases, agree, undecidable, differ }) =>
      line([version, cases, agree, undecidable, differ, `${((100 * agree) / (agree + differ)).toFixed(2)} %`]),
    ),
  ].join('\n');
}

/** Agreement by the policy or gate that cert-manager stopped at. */
export function table(comparisons: readonly Comparison[]): Row[] {
  const rows = new Map<string, Row>();
  for (const { theirs, result } of comparisons) {
    const policy = theirs.gate
      ? `gate ${theirs.gate}`
      : theirs.outcome === 'reissue'
        ? (theirs.policy ?? '')
        : theirs.outcome;
    const row = rows.get(policy) ?? { policy, cases: 0, agree: 0, undecidable: 0, differ: 0 };
    row.cases++;
    row[result]++;
    rows.set(policy, row);
  }
  return [...rows.values()].sort((a, b) => a.policy.localeCompare(b.policy));
}

export function printTable(title: string, rows: readonly Row[]): string {
  const total = { policy: 'all', cases: 0, agree: 0, undecidable: 0, differ: 0 };
  for (const row of rows) {
    total.cases += row.cases;
    total.agree += row.agree;
    total.undecidable += row.undecidable;
    total.differ += row.differ;
  }
  const line = (policy: string, ...numbers: (string | number)[]): string =>
    policy.padEnd(52) + numbers.map((n) => String(n).padStart(12)).join('');
  return [
    title,
    line('policy', 'cases', 'agree', 'undecidable', 'differ'),
    ...[...rows, total].map((r) => line(r.policy, r.cases, r.agree, r.undecidable, r.differ)),
  ].join('\n');
}
