import { Command, CommanderError } from 'commander';
import { CertkeepError, EXIT, type ExitCode, type Problem } from '../model/problems.ts';
import { systemClock } from '../model/progress.ts';
import type { Command as CommandName, Report } from '../model/report.ts';
import { CERTKEEP_VERSION } from '../model/version.ts';
import { backupCommand, runBackup } from './commands/backup.ts';
import { checkCommand, runCheck } from './commands/check.ts';
import { predictCommand, runPredict } from './commands/predict.ts';
import { rbacCommand, runRbac } from './commands/rbac.ts';
import { planCommand, restoreCommand, runPlan, runRestore } from './commands/restore.ts';
import { resumeCommand, runResume } from './commands/resume.ts';
import { runVerify, verifyCommand } from './commands/verify.ts';
import type { CliContext } from './context.ts';
import type { CommonFlags } from './flags.ts';
import { terminalProgress } from './progress.ts';
import { renderReport } from './render.ts';
import { fold, plain, type Style, style } from './terminal.ts';

const COMMANDS: readonly CommandName[] = ['backup', 'check', 'predict', 'plan', 'restore', 'verify', 'resume', 'rbac'];

/** Runs one command line. Returns the exit code; never throws. */
export async function main(args: string[]): Promise<ExitCode> {
  const abort = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    if (abort.signal.aborted) process.exit(EXIT.unexpected);
    process.stderr.write(`\n${name}: cleaning up; once more to stop at once\n`);
    abort.abort(new CertkeepError('interrupted', `stopped by ${name}`, 'run the same command again'));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    return await runCli(args, {
      env: process.env,
      stdout: process.stdout,
      stderr: process.stderr,
      stdin: process.stdin,
      clock: systemClock,
      signal: abort.signal,
    });
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** The same with everything it touches given from outside. */
export async function runCli(args: string[], context: CliContext): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const program = new Command('certkeep')
    .description(
      "Back up, check and restore a cluster's cert-manager configuration, and prove that nothing was reissued.",
    )
    .version(CERTKEEP_VERSION, '--version', 'print the version')
    .helpCommand('help [command]', 'what a command does, and its flags')
    .addHelpText(
      'after',
      `
Before an upgrade:   certkeep predict --cert-manager-version 1.21.2
                     certkeep backup --output DIR --recipient age1…
After it:            certkeep verify DIR
To another cluster:  certkeep plan DIR --context new --identity-file key.txt
                     certkeep restore DIR --context new --identity-file key.txt

Exit codes: 0 well · 2 usage · 3 reissued · 4 damaged · 5 cannot decrypt ·
6 incomplete · 7 conflict · 8 unproven · 9 unreachable · 1 unexpected`,
    )
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
    .exitOverride();

  const add = <F extends CommonFlags>(
    command: Command,
    run: (path: string, flags: F, progress: ReturnType<typeof terminalProgress>, paths: string[]) => Promise<Report>,
  ) => {
    command.allowExcessArguments(false).exitOverride();
    command.action(async (...given: unknown[]) => {
      const paths = [given[0]].flat().filter((path) => typeof path === 'string');
      const flags = command.opts() as F;
      exitCode = await runCommand(command.name() as CommandName, flags, context, (progress) =>
        run(paths[0] ?? '', flags, progress, paths),
      );
    });
    program.addCommand(command);
  };
  add(backupCommand(), (_path, flags: Parameters<typeof runBackup>[1], progress) =>
    runBackup(context, flags, progress),
  );
  add(checkCommand(), (_path, flags: Parameters<typeof runCheck>[2], progress, paths) =>
    runCheck(context, paths, flags, progress),
  );
  add(predictCommand(), (_path, flags: Parameters<typeof runPredict>[1], progress) =>
    runPredict(context, flags, progress),
  );
  add(planCommand(), (path, flags: Parameters<typeof runPlan>[2], progress) => runPlan(context, path, flags, progress));
  add(restoreCommand(), (path, flags: Parameters<typeof runRestore>[2], progress) =>
    runRestore(context, path, flags, progress),
  );
  add(verifyCommand(), (path, flags: Parameters<typeof runVerify>[2], progress) =>
    runVerify(context, path, flags, progress),
  );
  add(resumeCommand(), (_path, flags: Parameters<typeof runResume>[1], progress) =>
    runResume(context, flags, progress),
  );

  const rbac = rbacCommand().copyInheritedSettings(program).allowExcessArguments(false);
  // What it prints is for kubectl, and no report.
  rbac.action(() => runRbac(context, rbac.opts()));
  program.addCommand(rbac);

  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    return usageError(error, args, context);
  }
}

/** An error before the command began: commander has printed its own message, others are printed here. */
function usageError(error: unknown, args: string[], context: CliContext): ExitCode {
  const command = COMMANDS.find((name) => name === args[0]);
  const fix = `certkeep help${command === undefined ? '' : ` ${command}`} lists what there is`;
  const known =
    error instanceof CommanderError
      ? new CertkeepError('wrong-usage', error.message.replace(/^error: /, ''), fix)
      : error;
  const report = failureReport(command ?? 'check', known);
  if (args.includes('--json')) context.stdout.write(`${JSON.stringify(report)}\n`);
  if (error instanceof CommanderError) context.stderr.write(`  fix: ${fix}\n`);
  else for (const line of problemLines(report, style(false))) context.stderr.write(`${line}\n`);
  return report.exitCode;
}

async function runCommand(
  name: CommandName,
  flags: CommonFlags,
  context: CliContext,
  run: (progress: ReturnType<typeof terminalProgress>) => Promise<Report>,
): Promise<ExitCode> {
  const progress = terminalProgress({
    stderr: context.stderr,
    quiet: flags.quiet === true,
    verbose: flags.verbose === true,
  });
  let report: Report;
  try {
    report = await run(progress);
  } catch (error) {
    report = failureReport(name, error);
    if (flags.verbose === true) progress.debug(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    progress.finish();
  }
  if (flags.json === true) {
    context.stdout.write(`${JSON.stringify(report)}\n`);
    for (const line of problemLines(report, style(false))) context.stderr.write(`${line}\n`);
    return report.exitCode;
  }
  const colour = flags.color && (context.env.NO_COLOR ?? '') === '' && context.stdout.isTTY === true;
  if (flags.quiet !== true) {
    for (const line of renderReport(report, style(colour))) context.stdout.write(`${line}\n`);
  }
  const width = context.stderr.isTTY === true ? (context.stderr.columns ?? 80) : undefined;
  const untold =
    flags.quiet === true ? report : { ...report, problems: report.problems.filter((p) => !isShown(report, p)) };
  for (const line of problemLines(untold, style(colour), flags.quiet === true, width))
    context.stderr.write(`${line}\n`);
  return report.exitCode;
}

/** Whether the lines of `predict` tell it already, Certificate by Certificate. */
function isShown({ forecast }: Report, { code, object }: Problem): boolean {
  if (forecast === undefined) return false;
  return code === 'would-be-reissued' || code === 'renewal-due' || (code === 'undecidable' && object !== undefined);
}

/** A report for a command that ended with an error, so that --json always prints one. */
export function failureReport(command: CommandName, error: unknown): Report {
  const known =
    error instanceof CertkeepError
      ? error
      : new CertkeepError(
          'unexpected-error',
          error instanceof Error ? error.message : String(error),
          'run it again with --verbose and report what it shows',
          { cause: error },
        );
  return {
    command,
    certkeep: CERTKEEP_VERSION,
    exitCode: known.exitCode,
    cluster: '',
    certManager: '',
    verdict: '',
    certificates: [],
    problems: [known.toProblem()],
  };
}

/**
 * Problems for a person: errors first, those that say the same of several objects as one, each with its fix on a line of
 * its own, folded to `width` columns.
 */
export function problemLines(report: Report, s: Style, errorsOnly = false, width = Number.POSITIVE_INFINITY): string[] {
  const order = { error: 0, warning: 1, note: 2 };
  const paint = { error: s.red, warning: s.yellow, note: s.dim };
  const groups = Map.groupBy(
    report.problems.filter((problem) => !errorsOnly || problem.severity !== 'note'),
    (problem) => JSON.stringify([problem.severity, problem.code, problem.message, problem.fix]),
  );
  return [...groups.values()]
    .flatMap((problems) => (problems[0] === undefined ? [] : [{ problem: problems[0], problems }]))
    .sort((a, b) => order[a.problem.severity] - order[b.problem.severity])
    .flatMap(({ problem, problems }) => {
      const head = `${problem.severity} [${problem.code}]`;
      const objects = problems.flatMap((p) => (p.object === undefined ? [] : [p.object]));
      const [first = '', ...rest] = fold(plain(`${head}${named(objects)}: ${problem.message}`), width - 2);
      return [
        `${paint[problem.severity](first.slice(0, head.length))}${first.slice(head.length)}`,
        ...rest.map((line) => `  ${line}`),
        ...(problem.fix === '' ? [] : fold(plain(`fix: ${problem.fix}`), width - 2).map((line) => `  ${line}`)),
      ];
    });
}

const MOST_NAMED = 3;

function named(objects: string[]): string {
  if (objects.length === 0) return '';
  const more = objects.length > MOST_NAMED ? ` and ${objects.length - MOST_NAMED} more` : '';
  return ` ${objects.slice(0, MOST_NAMED).join(', ')}${more}`;
}
