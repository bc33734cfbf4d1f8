import { formatDuration } from '../model/duration.ts';
import { refName } from '../model/objects.ts';
import { EXIT, type ExitCode, type ProblemCode } from '../model/problems.ts';
import type { CertificateReport, Report } from '../model/report.ts';
import { predictLines } from './render-predict.ts';
import { fold, plain, type Style, table } from './terminal.ts';

const MOST_ROWS = 50;
const WIDTH = 80;
/** Counts of the manifest that are no objects of the cluster's users. */
const BOOKKEEPING = new Set(['index', 'managedFields', 'status']);
const FILE_OF_STAGE: Record<number, string> = {
  10: 'Namespaces',
  20: 'CRDs',
  30: 'Secrets',
  40: 'Issuers',
  50: 'Certificates',
};

/** A report as lines for a terminal, at most 80 columns wide. Problems are not among them: they go to stderr. */
export function renderReport(report: Report, s: Style): string[] {
  const lines: string[] = [];
  if (report.command === 'backup' || report.command === 'check') lines.push(...backupLines(report));
  if (report.objects !== undefined) lines.push(...objectLines(report));
  if (report.forecast === undefined) lines.push(...certificateLines(report));
  else lines.push(...predictLines(report, s));
  lines.push(verdictLine(report, s));
  return lines;
}

function backupLines(report: Report): string[] {
  const backup = report.backup;
  if (backup === undefined) return [];
  const counts = Object.entries(backup.counts)
    .filter(([what, n]) => n > 0 && !BOOKKEEPING.has(what))
    .map(([what, n]) => `${n} ${what}`)
    .join(', ');
  const age = Date.now() - Date.parse(backup.createdAt);
  return [
    `backup       ${plain(backup.path)}`,
    `made         ${backup.createdAt}${Number.isFinite(age) && age > 60_000 ? ` (${formatDuration(age)} ago)` : ''}`,
    `cluster      ${plain(backup.cluster)}, cert-manager ${plain(backup.certManager)}`,
    ...fold(counts === '' ? 'nothing' : counts, WIDTH - 13).map(
      (l, i) => (i === 0 ? 'holds        ' : ' '.repeat(13)) + l,
    ),
    `encryption   ${backup.encryption}${backup.restorable ? '' : '; not restorable (no Secrets in it)'}`,
    'root digest',
    `  ${backup.root}`,
  ];
}

function objectLines(report: Report): string[] {
  const objects = report.objects ?? [];
  const stages = [...new Set(objects.map((o) => o.stage))].sort((a, b) => a - b);
  const actions = ['create', 'replace', 'unchanged', 'keep', 'skip', 'conflict'] as const;
  const rows = stages.map((stage) => {
    const here = objects.filter((o) => o.stage === stage);
    return [
      FILE_OF_STAGE[stage] ?? String(stage),
      ...actions.map((a) => String(here.filter((o) => o.action === a).length)),
    ];
  });
  const notable = objects.filter((o) => o.action === 'conflict' || o.action === 'skip' || o.action === 'keep');
  return [
    ...table(['STAGE', ...actions.map((a) => a.toUpperCase())], rows),
    '',
    ...notable
      .slice(0, MOST_ROWS)
      .flatMap((o) => [
        `${o.action.padEnd(10)}${plain(refName(o.kind, o.namespace, o.name))}`,
        ...fold(plain(o.why), WIDTH - 4).map((l) => `    ${l}`),
      ]),
    ...more(notable.length),
    ...(notable.length === 0 ? [] : ['']),
  ];
}

const more = (n: number) => (n > MOST_ROWS ? [`… and ${n - MOST_ROWS} more (all of them with --json)`] : []);

function certificateLines(report: Report): string[] {
  const notable = report.certificates.filter(
    (c) =>
      (c.verdict ?? 'unchanged') !== 'unchanged' || (c.verdict === undefined && (c.prediction ?? 'keep') !== 'keep'),
  );
  if (notable.length === 0) return [];
  const word = (c: CertificateReport) => c.verdict ?? c.prediction ?? '';
  const width = Math.max(...notable.map((c) => word(c).length)) + 2;
  const lines = notable
    .slice(0, MOST_ROWS)
    .flatMap((c) => [
      `${word(c).padEnd(width)}${plain(`${c.namespace}/${c.name}`)}`,
      ...fold(plain([c.reason ?? '', c.message ?? ''].filter((t) => t !== '').join(': ')), WIDTH - 4).map(
        (l) => `    ${l}`,
      ),
    ]);
  return [...lines, ...more(notable.length), ''];
}

const count = (certificates: CertificateReport[], wanted: string) =>
  certificates.filter((c) => (c.verdict ?? c.prediction) === wanted).length;

const DAMAGE: ReadonlySet<ProblemCode> = new Set([
  'no-backup',
  'damaged-backup',
  'unknown-format',
  'forbidden-object',
  'wrong-root',
  'untrusted-origin',
  'bad-manifest',
  'artifact-not-found',
]);

/** What the exit code says, where the verdict about Certificates is not what decided. */
const HEADLINE: Partial<Record<ExitCode, string>> = {
  1: 'failed',
  2: 'wrong usage',
  4: 'damaged backup',
  5: 'cannot decrypt',
  6: 'incomplete',
  7: 'conflict',
  8: 'unproven',
  9: 'unreachable',
};

/** Somebody else's backup may be whole and still hold what must not be restored. */
function headline(report: Report): string | undefined {
  if (report.command === 'predict' && report.exitCode === EXIT.damaged) return 'malformed input';
  const isDamaged = report.problems.some((p) => p.severity === 'error' && DAMAGE.has(p.code));
  if (report.exitCode === EXIT.damaged && !isDamaged) return report.verdict;
  return HEADLINE[report.exitCode];
}

/** The last line: the verdict, and the figures behind it. */
export function verdictLine(report: Report, s: Style): string {
  const all = report.certificates;
  const isFine = report.verdict !== 'reissue' && report.verdict !== 'undecidable';
  const paint = report.exitCode !== 0 ? s.red : isFine ? s.green : s.yellow;
  const words = [...new Set(all.map((c) => c.verdict ?? c.prediction ?? ''))].filter((w) => w !== '').sort();
  const bad =
    words.find((w) => w === 'reissued' || w === 'reissue') ??
    words.find((w) => ['missing', 'failed', 'issuing'].includes(w));
  const verdict = headline(report) ?? (report.exitCode === 3 ? bad : undefined) ?? report.verdict;
  const figures = words.map((w) => `${count(all, w)} of ${all.length} ${w}`).join(', ');
  const barrier = report.barrier === undefined ? '' : `; barrier ${report.barrier}`;
  return `${paint(`${report.command}: ${verdict}`)}${figures === '' ? '' : ` – ${figures}`}${barrier} (exit ${report.exitCode})`;
}
