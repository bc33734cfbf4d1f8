import { formatDuration } from '../model/duration.ts';
import {
  type CaCost,
  type CaLimitUse,
  type CertificateReport,
  type ForecastReport,
  HAZARD_EFFECTS,
  type HazardReport,
  type Report,
} from '../model/report.ts';
import { fold, plain, type Style } from './terminal.ts';

const WIDTH = 80;
/** Certificates of one sort that are named. */
const MOST = 50;
const NEXT = 10;
const BAR = 50;
/** Limits of one CA that are shown beyond those that are exceeded. */
const NEAREST = 3;
const RENEWING = 'Renewing';

/** What `predict` found, by urgency, as lines of at most 80 columns. */
export function predictLines(report: Report, s: Style): string[] {
  const { forecast } = report;
  if (forecast === undefined) return [];
  return [
    ...head(report, forecast),
    ...certificates(report, forecast, s),
    ...next(report, forecast, s),
    ...weeks(forecast, s),
    ...cost(forecast, s),
    ...hazards(forecast, s),
    '',
  ];
}

function head(report: Report, { now, until, rules, upgrade }: ForecastReport): string[] {
  const running = report.certManager === '' ? 'unknown' : plain(report.certManager.replace(/^v/, ''));
  const notes = [...(rules.assumed ? ['assumed'] : []), ...(rules.known ? [] : ['newer than certkeep knows'])];
  const version =
    upgrade === undefined
      ? `${running}; judged by the rules of ${rules.version}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`
      : `${upgrade.from}, asked about ${upgrade.to}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`;
  return [
    ...(report.cluster === '' ? [] : [`cluster       ${plain(report.cluster)}`]),
    `cert-manager  ${version}`,
    `as of         ${now}; renewals until ${until}`,
  ];
}

type Test = (certificate: CertificateReport) => boolean;

/** One section a fate, the most urgent first. */
function certificates(report: Report, { upgrade }: ForecastReport, s: Style): string[] {
  const isRenewal: Test = (c) => c.prediction === 'reissue' && c.reason === RENEWING;
  const isReissued: Test = (c) => c.prediction === 'reissue' && !isRenewal(c);
  const byUpgrade: Test = (c) => c.upgrade?.reissued === true;
  const section = (title: string, test: Test, paint: (text: string) => string, withWhy = true): string[] => {
    const those = report.certificates.filter(test);
    if (those.length === 0) return [];
    return ['', paint(`${title} (${those.length})`), ...certificateLines(those, withWhy)];
  };
  if (upgrade === undefined) {
    return [
      ...section('REISSUED AS THINGS STAND', isReissued, s.red),
      ...section('CANNOT BE TOLD', (c) => c.prediction === 'undecidable', s.yellow),
      ...section('DUE FOR RENEWAL NOW', isRenewal, s.yellow, false),
    ];
  }
  return [
    ...section(`REISSUED BY THE UPGRADE TO ${upgrade.to}, IN ANY ORDER`, byUpgrade, s.red),
    ...section(
      'REISSUED ONLY IF THE CRDS ARE CHANGED WHILE THE OLD CONTROLLER RUNS',
      (c) => c.upgrade?.reissuedIfCrdsFirst === true,
      s.red,
      false,
    ),
    ...section('REISSUED WITH OR WITHOUT THE UPGRADE', (c) => isReissued(c) && !byUpgrade(c), s.red),
    ...section('CANNOT BE TOLD', (c) => c.prediction === 'undecidable', s.yellow),
    ...section('DUE FOR RENEWAL NOW', (c) => isRenewal(c) && !byUpgrade(c), s.yellow, false),
  ];
}

/** Those with the same words together: first the words, then who. */
function certificateLines(those: readonly CertificateReport[], withWhy: boolean): string[] {
  const named = (group: readonly CertificateReport[], indent: number): string[] => {
    const names = group.slice(0, MOST).map(({ namespace, name }) => `${namespace}/${name}`);
    const rest = group.length > MOST ? ` and ${group.length - MOST} more (all of them with --json)` : '';
    return fold(plain(names.join(', ') + rest), WIDTH - indent).map((line) => ' '.repeat(indent) + line);
  };
  if (!withWhy) return named(those, 2);
  const groups = [...Map.groupBy(those, why).entries()];
  return [
    ...groups
      .slice(0, MOST)
      .flatMap(([words, group]) => [...fold(plain(words), WIDTH - 2).map((line) => `  ${line}`), ...named(group, 6)]),
    ...(groups.length > MOST ? [`  … and ${groups.length - MOST} more reasons (all of them with --json)`] : []),
  ];
}

function why({ reason = '', message = '', at = null, maker }: CertificateReport): string {
  const doing = maker === undefined || maker.action === 'undecidable' ? '' : `${maker.action}d for ${maker.object}`;
  const words = [reason, message, doing].filter((text) => text !== '').join(': ') || 'in issuance already';
  return at === null ? words : `${words} (after ${at})`;
}

function next(report: Report, { now, until }: ForecastReport, s: Style): string[] {
  const start = Date.parse(now);
  const kept = report.certificates
    .filter(({ prediction, at }) => prediction === 'keep' && typeof at === 'string')
    .sort((a, b) => Date.parse(a.at ?? '') - Date.parse(b.at ?? ''));
  const coming = kept.filter(({ at }) => Date.parse(at ?? '') <= Date.parse(until));
  const later = kept[coming.length];
  if (coming.length === 0) {
    return later === undefined
      ? []
      : ['', s.bold('RENEWS NEXT'), ...renewalLine(later, start), '  (after the horizon)'];
  }
  return [
    '',
    s.bold(`RENEWS NEXT (${coming.length} until ${until.slice(0, 10)})`),
    ...coming.slice(0, NEXT).flatMap((c) => renewalLine(c, start)),
    ...more(coming.length, NEXT),
  ];
}

function renewalLine({ namespace, name, at }: CertificateReport, now: number): string[] {
  const wait = `in ${formatDuration(Date.parse(at ?? '') - now)}`.padEnd(12);
  const [first = '', ...rest] = fold(plain(`${namespace}/${name}`), WIDTH - 36);
  return [`  ${wait}${at}  ${first}`, ...rest.map((line) => `${' '.repeat(36)}${line}`)];
}

function weeks({ weeks: all }: ForecastReport, s: Style): string[] {
  const most = Math.max(0, ...all.map(({ renewals }) => renewals));
  if (most === 0) return [];
  const width = String(most).length;
  const bar = (n: number): string => '#'.repeat(n === 0 ? 0 : Math.max(1, Math.round((n / most) * BAR)));
  return [
    '',
    s.bold('RENEWALS BY WEEK'),
    ...all
      .slice(0, 60)
      .map(({ from, renewals }) =>
        `  ${from.slice(0, 10)}  ${String(renewals).padStart(width)}  ${bar(renewals)}`.trimEnd(),
      ),
  ];
}

function cost({ cost: all }: ForecastReport, s: Style): string[] {
  if (all.length === 0) return [];
  return ['', s.bold('COST AT THE CA'), ...all.flatMap((ca) => caLines(ca, s))];
}

function caLines({ server, ca, ordersNow, renewals, limits }: CaCost, s: Style): string[] {
  const exceeded = limits.filter((use) => use.exceeded);
  const near = limits.filter((use) => !use.exceeded && use.orders > 0);
  const shown = [
    ...exceeded.slice(0, MOST),
    ...(['registered-domain', 'exact-names', 'account'] as const).flatMap((per) =>
      near.filter((use) => use.per === per).slice(0, NEAREST),
    ),
  ];
  const name = ca === '' ? '(its limits are not known: --ca-limits)' : `(${ca})`;
  return [
    ...fold(plain(`${server} ${name}`), WIDTH - 2).map((line) => `  ${line}`),
    `    ${ordersNow} ${ordersNow === 1 ? 'order' : 'orders'} now, ${renewals} ${renewals === 1 ? 'renewal' : 'renewals'} before the horizon`,
    ...shown.flatMap((use) => useLines(use, s)),
  ];
}

const PER = { 'registered-domain': 'domain', 'exact-names': 'names', account: 'account' };

function useLines({ per, of, limit, window, orders, exceeded }: CaLimitUse, s: Style): string[] {
  const figures = `${`${orders} of ${limit}`.padStart(11)} in ${window.padEnd(4)}${exceeded ? 'OVER' : '    '} ${PER[per].padEnd(8)}`;
  const [first = '', ...rest] = fold(plain(of), WIDTH - 4 - figures.length);
  const indent = ' '.repeat(4 + figures.length);
  return [`    ${exceeded ? s.red(figures) : figures}${first}`, ...rest.slice(0, 2).map((line) => indent + line)];
}

const EFFECT: Record<HazardReport['effect'], string> = {
  reissue: 'CHANGES THAT CAN REISSUE',
  renewal: 'CHANGES THAT STOP OR MOVE RENEWALS',
  cleanup: 'OBJECTS THAT ARE CLEANED UP',
  'next-issuance': 'CHANGES THAT SHOW AT THE NEXT ISSUANCE',
  upgrade: 'CHANGES THAT STOP THE UPGRADE ITSELF',
};

function hazards({ upgrade }: ForecastReport, s: Style): string[] {
  if (upgrade === undefined) return [];
  const all = HAZARD_EFFECTS.flatMap((effect) => {
    const those = upgrade.hazards.filter((hazard) => hazard.effect === effect);
    return those.length === 0 ? [] : ['', s.bold(EFFECT[effect]), ...those.flatMap((hazard) => hazardLines(hazard, s))];
  });
  return all.length === 0 ? ['', `No change between ${upgrade.from} and ${upgrade.to} touches any of them.`] : all;
}

function hazardLines(
  { code, level, message, source, advice, certificates: count, examples, diff }: HazardReport,
  s: Style,
): string[] {
  const all = level === 'certificate' ? count : examples.length;
  const names = `${examples.slice(0, 3).join(', ')}${all > 3 ? ` and ${all - 3} more` : ''}`;
  const whom = `${count} ${count === 1 ? 'Certificate' : 'Certificates'}`;
  const touched = level === 'cluster' ? 'the installation' : `${whom}${names === '' ? '' : ` (${names})`}`;
  const text = (words: string, indent = 4) =>
    fold(plain(words), WIDTH - indent).map((line) => ' '.repeat(indent) + line);
  return [
    ...text(`${code}: ${touched}`, 2),
    ...text(message),
    ...text(`do: ${advice}`),
    ...text(`source: ${source}`),
    ...(diff === '' ? [] : diff.split('\n').map((line) => diffLine(line, s))),
  ];
}

/** Cut where it is too long: a diff that was folded could not be read. */
function diffLine(line: string, s: Style): string {
  const shown = plain(line);
  const cut = shown.length > WIDTH - 4 ? `${shown.slice(0, WIDTH - 5)}…` : shown;
  const paint = line.startsWith('+') ? s.green : line.startsWith('-') ? s.red : (text: string) => text;
  return `    ${paint(cut)}`;
}

const more = (n: number, most: number): string[] =>
  n > most ? [`  … and ${n - most} more (all of them with --json)`] : [];
