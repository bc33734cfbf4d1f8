import { describe, expect, it } from 'vitest';
import type { CertificateReport, Report } from '../model/report.ts';
import { renderSummary, type SummaryInput } from './summary.ts';

const ROOT = `sha256:${'ab'.repeat(32)}`;
const NOW = new Date('2026-11-25T10:00:00Z');

const report = (change: Partial<Report> = {}): Report => ({
  command: 'verify',
  certkeep: '0.1.0',
  exitCode: 0,
  cluster: 'b2c5',
  certManager: 'v1.21.2',
  verdict: 'unchanged',
  barrier: 'passed',
  certificates: [],
  problems: [],
  ...change,
});
const input = (change: Partial<SummaryInput> = {}): SummaryInput => ({
  mode: 'verify',
  report: report(),
  names: true,
  path: '/tmp/certkeep-x/backup',
  root: ROOT,
  now: NOW,
  source: { repository: 'acme/platform', runId: '77', artifactName: 'cert-manager-backup', uses: 'acme/certkeep@v1' },
  ...change,
});
const certificate = (i: number, change: Partial<CertificateReport> = {}): CertificateReport => ({
  namespace: 'app1',
  name: `web-${i}`,
  verdict: 'unchanged',
  at: new Date(NOW.getTime() + (i + 1) * 86_400_000).toISOString(),
  ...change,
});
const order = (text: string, parts: string[]): void => {
  const places = parts.map((part) => text.indexOf(part));
  expect(places).not.toContain(-1);
  expect(places).toEqual([...places].sort((a, b) => a - b));
};

describe('renderSummary', () => {
  it('answers in order: may I go on, what was reissued, what renews next, where is the backup', () => {
    const text = renderSummary(
      input({
        report: report({
          exitCode: 3,
          verdict: 'reissued',
          certificates: [
            certificate(0),
            certificate(1, {
              verdict: 'reissued',
              evidence: {
                revision: { before: 1, after: 2 },
                serial: { before: 'AA', after: 'BB' },
                key: { before: 'x', after: 'x' },
              },
            }),
          ],
          problems: [
            {
              severity: 'error',
              code: 'reissued',
              message: 'It was reissued.',
              fix: 'Look at it.',
              object: 'Certificate/app1/web-1',
            },
          ],
        }),
      }),
    );
    order(text, [
      'May I go on? No.',
      'What was reissued',
      'What renews next',
      'Where the backup is',
      'How to restore it',
    ]);
    expect(text).toContain('2 Certificates: 1 reissued, 1 unchanged.');
    expect(text).toContain('<code>app1/web-1</code>');
    expect(text).toContain('revision <code>1</code> → <code>2</code>');
    expect(text).not.toContain('key <code>');
    expect(text).toContain('Exit code 3.');
  });

  it('gives the commands with run id and root digest', () => {
    const text = renderSummary(input());
    expect(text).toContain('gh run download 77 --repo acme/platform --name cert-manager-backup --dir certkeep-backup');
    expect(text).toContain(`certkeep restore certkeep-backup --expect-root ${ROOT} --identity-file key.txt`);
    expect(text).toContain("    run-id: '77'");
    expect(text).toContain(`    expect-root: ${ROOT}`);
    expect(text).toContain('- uses: acme/certkeep@v1');
  });

  it('asks for no identity where nothing is encrypted', () => {
    const backup = {
      path: '',
      root: ROOT,
      createdAt: '2026-11-25T08:00:00Z',
      certManager: '',
      cluster: '',
      encryption: 'none',
      restorable: true,
      counts: {},
    } as const;
    const text = renderSummary(input({ report: report({ backup }) }));
    expect(text).not.toContain('identity');
    expect(text).toContain('Backup made 2026-11-25 08:00 UTC, 2 h ago.');
  });

  it('says that a backup without Secrets cannot be restored', () => {
    const backup = {
      path: '',
      root: ROOT,
      createdAt: NOW.toISOString(),
      certManager: '',
      cluster: '',
      encryption: 'none',
      restorable: false,
      counts: { certificates: 3 },
    } as const;
    const text = renderSummary(
      input({ mode: 'backup', report: report({ command: 'backup', verdict: 'complete', backup }) }),
    );
    expect(text).toContain('cannot be restored');
    expect(text).toContain('It holds 3 certificates.');
  });

  it('names nothing where strangers can read it', () => {
    const text = renderSummary(
      input({
        names: false,
        report: report({
          exitCode: 3,
          verdict: 'reissued',
          certificates: [
            certificate(0, { verdict: 'reissued', message: 'because app1' }),
            certificate(1, { verdict: 'failed' }),
          ],
          objects: [
            { kind: 'Secret', namespace: 'app1', name: 'web-tls', action: 'conflict', why: 'differs', stage: 30 },
          ],
          problems: [
            {
              severity: 'error',
              code: 'reissued',
              message: 'app1/web was',
              fix: 'kubectl -n app1',
              object: 'Certificate/app1/web',
            },
          ],
        }),
      }),
    );
    expect(text).not.toMatch(/app1|web|b2c5/);
    expect(text).toContain('1 Certificate.');
    expect(text).toContain('A Certificate was reissued.');
    expect(text).toContain('`details: true`');
  });

  it('stays far below 1 MiB for 10,000 Certificates with the worst of names', () => {
    const nasty = '<|`*_'.repeat(50);
    const certificates = Array.from({ length: 10_000 }, (_, i) =>
      certificate(i, {
        name: nasty,
        namespace: nasty,
        verdict: i % 2 === 0 ? 'reissued' : 'failed',
        reason: nasty,
        message: nasty.repeat(4),
      }),
    );
    const text = renderSummary(
      input({
        report: report({
          exitCode: 3,
          certificates,
          objects: certificates.map((c) => ({
            kind: 'Certificate',
            namespace: c.namespace,
            name: c.name,
            action: 'conflict',
            why: nasty.repeat(4),
            stage: 50,
          })),
          problems: certificates.map((c) => ({
            severity: 'error',
            code: 'reissued',
            message: nasty.repeat(4),
            fix: nasty.repeat(4),
            object: c.name,
          })),
        }),
      }),
    );
    expect(Buffer.byteLength(text)).toBeLessThan(400_000);
    expect(text).toMatch(/… and \d+ more/);
  });

  it('folds long tables, and leaves short ones open', () => {
    const some = (n: number) =>
      report({
        exitCode: 3,
        certificates: Array.from({ length: n }, (_, i) => certificate(i, { verdict: 'reissued' })),
      });
    const folds = (n: number) =>
      renderSummary(input({ report: some(n), root: '', source: undefined as never })).split('<details>').length - 1;
    expect(folds(5)).toBe(0);
    expect(folds(50)).toBe(1);
  });

  it('is safe against hostile text', () => {
    const evil = '</code></details><script>alert(1)</script> | ![x](http://evil) ::error:: `a`\n# head';
    const text = renderSummary(
      input({
        report: report({
          exitCode: 3,
          certManager: evil,
          cluster: evil,
          certificates: [
            certificate(0, { verdict: 'reissued', name: evil, message: evil, reason: evil }),
            certificate(1, { verdict: 'failed', message: evil }),
          ],
          objects: [{ kind: evil, namespace: evil, name: evil, action: 'skip', why: evil, stage: 30 }],
          problems: [{ severity: 'error', code: 'reissued', message: evil, fix: evil, object: evil }],
        }),
      }),
    );
    expect(text).not.toMatch(/<script|!\[|http:\/\/evil|::error|\n# head/);
    const table = text.split('\n').filter((line) => line.startsWith('|'));
    for (const row of table) expect(row).toMatch(/^\|.*\|$/);
  });

  it('has as many cells in every row as in its head', () => {
    const text = renderSummary(
      input({
        names: false,
        report: report({ problems: [{ severity: 'warning', code: 'renewed', message: 'm', fix: 'f' }] }),
      }),
    );
    const [head, line, row] = text.split('\n').filter((l) => l.startsWith('|'));
    const cells = (l: string | undefined) => (l ?? '').split('|').length;
    expect(cells(row)).toBe(cells(head));
    expect(cells(line)).toBe(cells(head));
  });
});

describe('what is not known', () => {
  const backup = {
    path: '',
    root: ROOT,
    createdAt: NOW.toISOString(),
    certManager: '',
    cluster: '',
    encryption: 'none',
    restorable: true,
    counts: {},
  } as const;
  const bare: CertificateReport = { namespace: 'app1', name: 'web' };
  const kept: CertificateReport = { ...bare, prediction: 'keep' };
  const told = (code: 'not-checked' | 'secrets-not-captured') =>
    [{ severity: 'note', code, message: 'm', fix: 'f' }] as const;
  const checked = (change: Partial<Report>) =>
    renderSummary(input({ mode: 'check', report: report({ command: 'check', verdict: 'sound', backup, ...change }) }));

  it.each<['not-checked' | 'secrets-not-captured', string]>([
    ['not-checked', 'Not predicted: the Secrets were not opened.'],
    ['secrets-not-captured', 'Not predicted: the Secrets are not in the backup.'],
  ])('check with %s predicts nothing, and says so', (code, said) => {
    const text = checked({ certificates: [bare], problems: [...told(code)] });
    expect(text).toContain(`### What would be reissued\n\n${said}`);
    expect(text).not.toContain('Nothing.');
    expect(text).toContain('## ⚠️ certkeep check');
    expect(text).toMatch(/May I go on\? Yes, (but|as far)/);
  });

  it('check of a backup of which only the manifest is open says so, too', () =>
    expect(checked({ problems: [...told('not-checked')] })).toContain('Not predicted: the Secrets were not opened.'));

  it('says nothing would be reissued where each was judged', () => {
    const text = checked({ certificates: [kept] });
    expect(text).toContain('### What would be reissued\n\nNothing.');
    expect(text).toContain('## ✅ certkeep check\n\n**May I go on? Yes. The backup is sound.**');
    expect(checked({ certificates: [kept, bare] })).toContain('None of 1 judged; 1 not judged.');
    expect(checked({ certificates: [kept, { ...bare, prediction: 'undecidable' }] })).toContain(
      'Nothing that was seen; 1 of 2 could not be judged.',
    );
  });

  it('a restore that ended before it verified knows nothing of what was reissued', () => {
    const stopped = (certificates: CertificateReport[]) =>
      renderSummary(
        input({ mode: 'restore', report: report({ command: 'restore', exitCode: 7, verdict: '', certificates }) }),
      );
    expect(stopped([kept])).toContain('### What was reissued\n\nNot known: the run ended before it verified.');
    expect(stopped([{ ...bare, prediction: 'reissue' }])).toContain('### What would be reissued');
  });

  it('a reissue that is let pass is no plain yes', () => {
    const reissued = report({ verdict: 'reissued', certificates: [certificate(0, { verdict: 'reissued' })] });
    const text = renderSummary(input({ report: reissued, failOnReissue: false }));
    expect(text).toContain('## ⚠️ certkeep verify');
    expect(text).toContain('Yes, as `fail-on-reissue` is off; 1 reissued all the same.');
  });

  it("heads cert-manager's words as such", () => {
    const one = { reason: 'THEIRS', message: 'OURS' };
    const verified = renderSummary(
      input({ report: report({ exitCode: 3, certificates: [certificate(0, { verdict: 'reissued', ...one })] }) }),
    );
    expect(verified).toContain("| Certificate | In cert-manager's words | Why |");
    expect(verified).toContain('| <code>app1/web-0</code> | THEIRS | OURS |');
    const foreseen = checked({ certificates: [{ ...bare, prediction: 'reissue', reason: 'Code', message: 'WORDS' }] });
    expect(foreseen).toContain("| Certificate | Why | In cert-manager's words |");
    expect(foreseen).toContain('| <code>app1/web</code> | Code | WORDS |');
  });

  it('speaks of an artifact only where there is one', () => {
    const { source, ...onDisk } = input({ mode: 'backup', report: report({ command: 'backup', backup }) });
    expect(renderSummary(onDisk)).toContain('whoever can read the files');
    expect(renderSummary({ ...onDisk, ...(source === undefined ? {} : { source }) })).toContain(
      'can read the artifact',
    );
  });
});
