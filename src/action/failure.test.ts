import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CertkeepError, type Problem } from '../model/problems.ts';
import type { Report } from '../model/report.ts';
import { failEarly, failureMessage, headline, problemOf } from './failure.ts';
import { OUTPUTS } from './outputs.ts';
import { PublicError } from './public-error.ts';

const report = (change: Partial<Report> = {}): Report => ({
  command: 'verify',
  certkeep: '0',
  exitCode: 3,
  cluster: '',
  certManager: '',
  verdict: 'reissued',
  certificates: [],
  problems: [],
  ...change,
});
const problem = (code: Problem['code'], change: Partial<Problem> = {}): Problem => ({
  severity: 'error',
  code,
  message: `app1/web is ${code}`,
  fix: 'look',
  ...change,
});

describe('failureMessage', () => {
  it('says what happened, the cause and the fix', () => {
    const text = failureMessage(report({ problems: [problem('reissued')] }), undefined, true);
    expect(text).toBe('verify: reissued (exit code 3, reissued). app1/web is reissued. Fix: look.');
  });

  it('takes the error that asks for the exit code, and counts the others', () => {
    const problems = [problem('unproven'), problem('renewed', { severity: 'warning' }), problem('reissued')];
    expect(headline(report({ problems }))?.code).toBe('reissued');
    expect(failureMessage(report({ problems }), undefined, true)).toContain('(1 more error: see');
  });

  it('names nothing where names may not be shown', () => {
    const problems = [problem('reissued', { object: 'Certificate/app1/web' })];
    const text = failureMessage(report({ problems }), new CertkeepError('reissued', 'app1/web', 'app1/web'), false);
    expect(text).not.toContain('app1');
    expect(text).toContain('(exit code 3, reissued). A Certificate was reissued.');
    expect(text).toContain('`details: true`');
  });

  it('says everything of an error that names nothing of the cluster', () => {
    const error = new PublicError('artifact-service', 'The name is taken.', 'Take another.');
    const text = failureMessage(report({ verdict: '', exitCode: 1, problems: [error.toProblem()] }), error, false);
    expect(text).toBe('verify (exit code 1, artifact-service). The name is taken. Fix: Take another.');
  });

  it('is one line without commands for the runner', () => {
    const text = failureMessage(
      report({ problems: [problem('reissued', { message: 'x\n::error::y' })] }),
      undefined,
      true,
    );
    expect(text).not.toContain('\n');
  });
});

describe('problemOf', () => {
  it('quotes nothing that could be a key', () => {
    const key = Buffer.from('x'.repeat(60)).toString('base64');
    const pem = `-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----`;
    const said = problemOf(new SyntaxError(`Unexpected token in ${key} and ${pem}`)).message;
    expect(said).not.toContain(key);
    expect(said).not.toContain('abc');
    expect(said).toContain('SyntaxError');
  });
});

describe('failEarly', () => {
  const exitCode = process.exitCode;
  const directory = mkdtempSync(join(tmpdir(), 'certkeep-test-'));
  const output = join(directory, 'output');
  const state = join(directory, 'state');
  const env = { INPUT_MODE: 'restore', RUNNER_TEMP: directory, GITHUB_STEP_SUMMARY: join(directory, 'summary') };
  afterEach(() => {
    process.exitCode = exitCode;
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
    rmSync(directory, { recursive: true, force: true });
  });

  it('leaves every output, and a report with the one problem', () => {
    writeFileSync(output, '');
    writeFileSync(state, '');
    vi.stubEnv('GITHUB_OUTPUT', output);
    vi.stubEnv('GITHUB_STATE', state);
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    failEarly(new PublicError('wrong-usage', 'Input `x`: no.', 'Take it out.'), env);
    expect(process.exitCode).toBe(2);
    const outputs = Object.fromEntries(
      [...readFileSync(output, 'utf8').matchAll(/^(.+?)<<(\S+)\n(.*)\n\2$/gm)].map((match) => [match[1], match[3]]),
    );
    expect(Object.keys(outputs).sort()).toEqual([...OUTPUTS].sort());
    expect(outputs).toMatchObject({ verdict: '', certificates: '0', reissued: '[]', 'backup-path': '' });
    expect(JSON.parse(readFileSync(outputs['report-path'] ?? '', 'utf8'))).toMatchObject({
      command: 'restore',
      exitCode: 2,
      verdict: '',
      certificates: [],
      problems: [{ severity: 'error', code: 'wrong-usage', message: 'Input `x`: no.', fix: 'Take it out.' }],
    });
    expect(readFileSync(state, 'utf8')).toContain('workspace');
    expect(readFileSync(env.GITHUB_STEP_SUMMARY, 'utf8')).toContain('May I go on? No.');
  });
});
