import { formatDuration } from '../model/duration.ts';
import type { Problem } from '../model/problems.ts';
import type { CertificateReport, Report } from '../model/report.ts';
import { CODE_WORDS } from './code-words.ts';
import { markdown, markdownCode, markdownProse, shellWord } from './escape.ts';
import { headline } from './failure.ts';
import type { Mode } from './input-table.ts';
import { countedByCode } from './log.ts';
import { isReissue } from './outputs.ts';
import { forecastSection } from './summary-forecast.ts';

/** What the job summary is made of. */
export interface SummaryInput {
  mode: Mode;
  report: Report;
  /** May names of objects be shown? */
  names: boolean;
  /** May problems be told in full? Default: where names may be shown. */
  openProblems?: boolean;
  /** The artifact that was uploaded by this step. */
  artifact?: { name: string; url: string; digest: string };
  /** The run that holds the artifact; undefined where the backup is on disk only. */
  source?: BackupSource;
  /** Where the backup lies on the runner. */
  path: string;
  root: string;
  now: Date;
  /** When the backup was made, RFC 3339, where the report does not tell. */
  createdAt?: string;
  /** The input `fail-on-reissue`; on where not given. */
  failOnReissue?: boolean;
}

/** Where an artifact is, and how a workflow names this action. */
export interface BackupSource {
  repository: string;
  runId: string;
  artifactName: string;
  /** `owner/name@ref`. */
  uses: string;
}

/** A table longer than this is folded. */
const UNFOLDED_ROWS = 10;
/** Limits of one table. A row can take 9 kB, when every character of it is written as a reference. */
const MOST_ROWS = 200;
const MOST_BYTES = 60_000;
const MOST_RENEWALS = 10;

/**
 * The job summary in GitHub's Markdown. It answers, in this order: may I go on? What was, or would be, reissued, and why?
 * What renews next? Where is the backup, and how is it restored? Its length does not grow with the number of Certificates
 * beyond a few hundred kB (GitHub takes 1 MiB), and no text of the cluster can be markup in it.
 */
export function renderSummary(input: SummaryInput): string {
  const urgent = input.report.problems.some((problem) => problem.severity !== 'note');
  const sections = [
    heading(input),
    urgent ? problems(input, 'Problems') : '',
    reissues(input),
    notProved(input),
    renewals(input),
    forecastSection(input.report, input.names),
    objects(input),
    urgent ? '' : problems(input, 'Notes'),
    whereItIs(input),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

const DONE: Record<Mode, string> = {
  backup: 'The backup is complete.',
  check: 'The backup is sound.',
  predict: 'Nothing would be reissued.',
  plan: 'Restoring would reissue nothing.',
  restore: 'Restored, and no Certificate was reissued.',
  verify: 'No Certificate was reissued.',
  resume: "cert-manager's controller runs.",
};

function heading(input: SummaryInput): string {
  const { mode, report, names, now, createdAt } = input;
  const go = report.exitCode === 0;
  const but = go ? reservation(input) : '';
  const cause = headline(report);
  const answer = go
    ? but || `Yes. ${DONE[mode]}`
    : `No. ${cause === undefined ? 'It failed.' : CODE_WORDS[cause.code]}`;
  const facts = [
    figures(report),
    report.barrier === undefined ? '' : BARRIER[report.barrier],
    madeAt(report.backup?.createdAt ?? createdAt ?? '', now),
    report.certManager === '' ? '' : `cert-manager ${markdownCode(report.certManager)}.`,
    names && report.cluster !== '' ? `Cluster ${markdownCode(report.cluster)}.` : '',
    go ? '' : `Exit code ${report.exitCode}.`,
  ];
  return [
    `## ${!go ? '❌' : but === '' ? '✅' : '⚠️'} certkeep ${mode}`,
    '',
    `**May I go on? ${answer}**`,
    '',
    facts.filter((fact) => fact !== '').join(' '),
  ].join('\n');
}

/** A step can pass, and yet not all be well: what is to be known before going on; '' for nothing. */
function reservation({ mode, report, failOnReissue = true }: SummaryInput): string {
  const reissues = report.certificates.filter(isReissue);
  if (reissues.length > 0) {
    const what = `${reissues.length} ${reissues.some((c) => c.verdict !== undefined) ? 'reissued' : 'would be reissued'}`;
    return failOnReissue ? `Yes, but ${what}.` : `Yes, as \`fail-on-reissue\` is off; ${what} all the same.`;
  }
  if (mode === 'predict') {
    const open = report.certificates.filter((c) => c.prediction === 'undecidable').length;
    return open === 0 ? '' : `Yes, but of ${plural(open, 'Certificate')} it cannot be told.`;
  }
  if (mode !== 'backup' && mode !== 'check') return '';
  if (report.backup?.restorable === false) {
    return 'Yes, but this backup cannot be restored: Secrets are not in it. It can prove a reissue.';
  }
  if (has(report, 'secrets-not-captured')) {
    return "Yes, but the Certificates' Secrets are not in the backup: after a restore each would be issued anew.";
  }
  if (has(report, 'not-checked')) {
    return 'Yes, as far as it was looked at: encrypted files were not opened, since no `age-identity` was given.';
  }
  return '';
}

function has(report: Report, code: Problem['code']): boolean {
  return report.problems.some((problem) => problem.code === code);
}

const BARRIER: Record<string, string> = {
  passed: 'The controller has looked at everything since.',
  waived: 'No canary was made, so the controller may not have looked at everything yet.',
  failed: 'It could not be shown that the controller has looked at everything.',
};

function madeAt(createdAt: string, now: Date): string {
  const age = now.getTime() - Date.parse(createdAt);
  if (!Number.isFinite(age)) return '';
  return `Backup made ${iso(Date.parse(createdAt))}${age > 60_000 ? `, ${formatDuration(age)} ago` : ''}.`;
}

/** `12 Certificates: 11 unchanged, 1 reissued.` */
function figures(report: Report): string {
  const counts = new Map<string, number>();
  for (const certificate of report.certificates) {
    const word = certificate.verdict ?? certificate.prediction ?? '';
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  counts.delete('');
  const words = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([word, count]) => `${count} ${word}`);
  if (report.certificates.length > 0) {
    return `${plural(report.certificates.length, 'Certificate')}${words.length === 0 ? '' : `: ${words.join(', ')}`}.`;
  }
  const held = Object.entries(report.backup?.counts ?? {}).filter(([, count]) => count > 0);
  return held.length === 0 ? '' : `It holds ${held.map(([what, count]) => `${count} ${markdown(what)}`).join(', ')}.`;
}

function problems({ report, names, openProblems = names }: SummaryInput, title: string): string {
  const shown = openProblems ? report.problems : countedByCode(report.problems);
  if (shown.length === 0) return '';
  const order: Problem['severity'][] = ['error', 'warning', 'note'];
  const rows = order.flatMap((severity) =>
    shown
      .filter((problem) => problem.severity === severity)
      .map((problem) => [
        SIGN[severity],
        markdownCode(problem.code),
        openProblems ? markdownCode(problem.object ?? '', 200) : '',
        markdownProse(problem.message),
        markdownProse(problem.fix),
      ]),
  );
  const table = openProblems
    ? { head: ['', 'Code', 'Object', 'What happened', 'What to do'], rows }
    : {
        head: ['', 'Code', 'What happened'],
        rows: rows.map(([sign = '', code = '', , what = '']) => [sign, code, what]),
      };
  const hint = openProblems
    ? ''
    : '\n\nStrangers can read this repository, or might, so nothing of the cluster is named. `details: true` shows names.';
  return `${section(title, plural(rows.length, title === 'Notes' ? 'note' : 'problem'), table)}${hint}`;
}

const SIGN: Record<Problem['severity'], string> = { error: '❌ error', warning: '⚠️ warning', note: 'ℹ️ note' };

function reissues({ mode, report, names }: SummaryInput): string {
  const { certificates } = report;
  if (mode === 'backup' || (certificates.length === 0 && !(mode === 'check' && has(report, 'not-checked')))) return '';
  const found = certificates.filter(isReissue);
  const verified = certificates.some((certificate) => certificate.verdict !== undefined);
  const foretold = mode === 'plan' || mode === 'check' || mode === 'predict';
  // A restore that stopped at its plan has predictions only.
  const title = foretold || (!verified && found.length > 0) ? 'What would be reissued' : 'What was reissued';
  const unknown = certificates.filter((c) => (foretold ? c.prediction : c.verdict) === undefined).length;
  if (found.length === 0) return `### ${title}\n\n${none(report, foretold, unknown)}`;
  const rest = foretold && unknown > 0 ? `\n\n${unknown} more: ${notPredicted(report)}` : '';
  if (!names) return `### ${title}\n\n${plural(found.length, 'Certificate')}.${rest}`;
  const content = {
    head: ['Certificate', ...(verified ? ["In cert-manager's words", 'Why'] : ['Why', "In cert-manager's words"])],
    rows: found.map((certificate) => [
      name(certificate),
      markdown(certificate.reason ?? (verified ? '' : (certificate.prediction ?? ''))),
      certificate.message === undefined || certificate.message === ''
        ? differences(certificate)
        : markdown(certificate.message),
    ]),
  };
  return `${section(title, plural(found.length, 'Certificate'), content)}${rest}`;
}

/** Where no Certificate is known to be reissued: `Nothing` only where each was judged. */
function none(report: Report, foretold: boolean, unknown: number): string {
  const { certificates } = report;
  if (unknown > 0 || certificates.length === 0) {
    const judged = certificates.length - unknown;
    if (judged > 0) return `None of ${judged} judged; ${unknown} not judged.`;
    return foretold ? notPredicted(report) : 'Not known: the run ended before it verified.';
  }
  const open = certificates.filter((c) => ['undecidable', 'unproven'].includes(c.verdict ?? c.prediction ?? '')).length;
  return open === 0 ? 'Nothing.' : `Nothing that was seen; ${open} of ${certificates.length} could not be judged.`;
}

function notPredicted(report: Report): string {
  if (has(report, 'secrets-not-captured')) return 'Not predicted: the Secrets are not in the backup.';
  if (has(report, 'not-checked')) return 'Not predicted: the Secrets were not opened.';
  return 'Not predicted.';
}

/** What differs between baseline and cluster: `revision 1 → 2`. */
function differences(certificate: CertificateReport): string {
  return Object.entries(certificate.evidence ?? {})
    .filter(([, fact]) => fact.before !== fact.after)
    .slice(0, 6)
    .map(([what, { before, after }]) => `${markdown(what, 40)} ${short(before)} → ${short(after)}`)
    .join('<br>');
}

function short(value: string | number | boolean | null): string {
  return value === null ? 'none' : markdownCode(String(value), 24);
}

/** Certificates that are neither well nor reissued. */
function notProved({ report, names }: SummaryInput): string {
  const fine = ['unchanged', 'renewed', 'reissued', 'issuing', 'keep', 'reissue', ''];
  const found = report.certificates.filter((c) => !fine.includes(c.verdict ?? c.prediction ?? ''));
  if (found.length === 0 || !names) return '';
  return section('What else is not well', plural(found.length, 'Certificate'), {
    head: ['Certificate', 'Verdict', 'Why'],
    rows: found.map((certificate) => [
      name(certificate),
      markdown(certificate.verdict ?? certificate.prediction ?? ''),
      markdown([certificate.reason ?? '', certificate.message ?? ''].filter((text) => text !== '').join(': ')),
    ]),
  });
}

function renewals({ report, names, now }: SummaryInput): string {
  const dated = report.certificates
    .flatMap((certificate) => {
      const at = Date.parse(certificate.at ?? '');
      return Number.isFinite(at) ? [{ certificate, at }] : [];
    })
    .sort((a, b) => a.at - b.at);
  const first = dated[0];
  if (first === undefined) return '';
  const within = dated.filter(({ at }) => at - now.getTime() <= 30 * 86_400_000).length;
  const lead = `The next renewal is due ${when(first.at, now)}; ${within} of ${dated.length} within 30 days.`;
  if (!names) return `### What renews next\n\n${lead}`;
  return `${section('What renews next', '', {
    head: ['Certificate', 'Renews', 'In'],
    rows: dated.slice(0, MOST_RENEWALS).map(({ certificate, at }) => [name(certificate), iso(at), left(at, now)]),
  })}\n\n${lead}`;
}

const iso = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
const left = (at: number, now: Date): string => (at <= now.getTime() ? 'now' : formatDuration(at - now.getTime()));
const when = (at: number, now: Date): string => (at <= now.getTime() ? 'now' : `in ${left(at, now)}, ${iso(at)}`);

function objects({ report, names }: SummaryInput): string {
  const all = report.objects ?? [];
  if (all.length === 0) return '';
  const actions = ['create', 'replace', 'unchanged', 'keep', 'skip', 'conflict'] as const;
  const stages = [...new Set(all.map((object) => object.stage))].sort((a, b) => a - b);
  const overview = table({
    head: ['Stage', ...actions],
    rows: stages.map((stage) => [
      STAGE[stage] ?? String(stage),
      ...actions.map((action) => String(all.filter((o) => o.stage === stage && o.action === action).length)),
    ]),
  });
  const notable = all.filter((o) => ['replace', 'keep', 'skip', 'conflict'].includes(o.action));
  const details =
    notable.length === 0 || !names
      ? ''
      : `\n\n${folded(`${plural(notable.length, 'object')} not simply created`, {
          head: ['Object', 'Action', 'Why'],
          rows: notable.map((o) => [
            markdownCode([o.kind, o.namespace ?? '', o.name].filter((part) => part !== '').join('/')),
            o.action,
            markdown(o.why),
          ]),
        })}`;
  return `### What ${report.command === 'plan' ? 'would be' : 'was'} written\n\n${overview}${details}`;
}

const STAGE: Record<number, string> = {
  10: 'Namespaces',
  20: 'CustomResourceDefinitions',
  30: 'Secrets',
  40: 'Issuers',
  50: 'Certificates',
};

function whereItIs({ mode, report, artifact, source, path, root }: SummaryInput): string {
  const known = root !== '' || artifact !== undefined || source !== undefined;
  if (!known || (mode === 'backup' && report.exitCode !== 0 && artifact === undefined && path === '')) return '';
  const encryption = report.backup?.encryption;
  const facts = [
    artifact === undefined
      ? source === undefined
        ? `On the runner's disk, until the end of the job: ${markdownCode(path)}`
        : `Artifact ${markdownCode(source.artifactName)} of run ${source.runId}`
      : `Artifact [${markdown(artifact.name)}](${artifact.url}), digest ${digestCode(artifact.digest)}`,
    root === ''
      ? ''
      : `Root digest ${digestCode(root)}: keep it where nobody can change it, and restore only what has it.`,
    encryption === undefined ? '' : encryptionOf(encryption, artifact === undefined && source === undefined),
  ];
  const lines = facts.filter((fact) => fact !== '').map((fact) => `- ${fact}`);
  return `### Where the backup is\n\n${lines.join('\n')}${source === undefined ? '' : `\n\n${howToUse(source, root, { sealed: encryption !== 'none', restorable: report.backup?.restorable !== false })}`}`;
}

function digestCode(digest: string): string {
  return /^sha256:[0-9a-f]{64}$/.test(digest) ? `\`${digest}\`` : markdownCode(digest);
}

function encryptionOf(encryption: 'none' | 'secrets' | 'all', onDiskOnly: boolean): string {
  switch (encryption) {
    case 'none':
      return `Not encrypted: whoever can read the ${onDiskOnly ? 'files' : 'artifact'} can read what is in ${onDiskOnly ? 'them' : 'it'}.`;
    case 'secrets':
      return 'Secrets are encrypted; names and settings are not.';
    case 'all':
      return 'Everything but `manifest.json` is encrypted.';
  }
}

function howToUse(source: BackupSource, root: string, backup: { sealed: boolean; restorable: boolean }): string {
  const { sealed, restorable } = backup;
  const options = `${root === '' ? '' : ` --expect-root ${root}`}${sealed ? ' --identity-file key.txt' : ''}`;
  const name = shellWord(source.artifactName);
  const commands = [
    `gh run download ${source.runId} --repo ${source.repository} --name ${name} --dir certkeep-backup`,
    `certkeep check certkeep-backup${options}`,
    ...(restorable
      ? [`certkeep plan certkeep-backup${options}`, `certkeep restore certkeep-backup${options}`]
      : [`certkeep verify certkeep-backup${options}`]),
  ];
  const step = [
    `- uses: ${source.uses}`,
    '  with:',
    `    mode: ${restorable ? 'restore' : 'verify'}`,
    `    run-id: '${source.runId}'`,
    `    repository: ${source.repository}`,
    `    artifact-name: ${JSON.stringify(source.artifactName)}`,
    ...(root === '' ? [] : [`    expect-root: ${root}`]),
    ...(sealed ? [`    age-identity: \${{ secrets.AGE_IDENTITY }}`] : []),
    `    kubeconfig: \${{ secrets.KUBECONFIG }}`,
  ];
  return `${fold(
    restorable ? 'How to restore it' : 'How to verify against it',
    [
      restorable
        ? 'From a terminal (`RESTORE.md` in the backup has the way by plain kubectl, too):'
        : 'From a terminal:',
      '',
      fence('sh', commands),
      '',
      'From a workflow whose job has `permissions: { actions: read }`:',
      '',
      fence('yaml', step),
    ].join('\n'),
  )}`;
}

/** Only names that the inputs allow come here, but one may hold backticks. */
function fence(language: string, lines: string[]): string {
  const text = lines.join('\n');
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((match) => match[0].length));
  const ticks = '`'.repeat(longest + 1);
  return `${ticks}${language}\n${text}\n${ticks}`;
}

interface Table {
  head: string[];
  /** Cells are Markdown already. */
  rows: string[][];
}

function table({ head, rows }: Table): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const shown: string[] = [];
  let bytes = 0;
  for (const row of rows.slice(0, MOST_ROWS).map(line)) {
    bytes += Buffer.byteLength(row);
    if (bytes > MOST_BYTES) break;
    shown.push(row);
  }
  const more = rows.length - shown.length;
  return [
    line(head),
    line(head.map(() => '---')),
    ...shown,
    ...(more > 0 ? ['', `… and ${more} more: all of them are in the file that the output \`report-path\` names.`] : []),
  ].join('\n');
}

function section(title: string, count: string, content: Table): string {
  return `### ${title}\n\n${content.rows.length > UNFOLDED_ROWS ? folded(count, content) : table(content)}`;
}

function folded(label: string, content: Table): string {
  return fold(label, table(content));
}

function fold(label: string, content: string): string {
  return `<details><summary>${label}</summary>\n\n${content}\n\n</details>`;
}

function name(certificate: CertificateReport): string {
  return markdownCode(`${certificate.namespace}/${certificate.name}`, 320);
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
