/**
 * What can go wrong, as a closed set of words that scripts may rely on, and the error that carries one of them.
 * Every problem says what happened, the likely cause and the fix.
 */

/** Exit codes; the meaning of each is in docs/exit-codes.md. */
export const EXIT = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  reissue: 3,
  damaged: 4,
  undecryptable: 5,
  incomplete: 6,
  conflict: 7,
  unproven: 8,
  unreachable: 9,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Where several codes hold, the first of these wins. */
const PRECEDENCE: readonly ExitCode[] = [2, 4, 5, 9, 6, 7, 3, 8, 1, 0];

/** The code that a run ends with when all of these hold; 0 for none. */
export function worstExitCode(codes: readonly ExitCode[]): ExitCode {
  return PRECEDENCE.find((code) => codes.includes(code)) ?? EXIT.ok;
}

/** The stable words of `problems[].code`, each with the exit code that it asks for when its severity is `error`. */
export const PROBLEM_CODES = {
  'unexpected-error': EXIT.unexpected,
  interrupted: EXIT.unexpected,
  'wrong-usage': EXIT.usage,
  'wrong-cluster': EXIT.usage,
  'output-not-empty': EXIT.usage,
  'output-not-writable': EXIT.usage,
  'unsupported-cert-manager': EXIT.usage,
  'no-secrets-in-backup': EXIT.usage,
  'would-be-reissued': EXIT.reissue,
  'restore-order': EXIT.reissue,
  reissued: EXIT.reissue,
  'certificate-missing': EXIT.reissue,
  'certificate-issuing': EXIT.reissue,
  'certificate-failed': EXIT.reissue,
  renewed: EXIT.reissue,
  'renewal-due': EXIT.reissue,
  'no-backup': EXIT.damaged,
  'damaged-backup': EXIT.damaged,
  'unknown-format': EXIT.damaged,
  'forbidden-object': EXIT.damaged,
  'bad-manifest': EXIT.damaged,
  'wrong-root': EXIT.damaged,
  'untrusted-origin': EXIT.damaged,
  'key-mismatch': EXIT.damaged,
  'requests-included': EXIT.damaged,
  'webhook-ca-included': EXIT.damaged,
  'temporary-key-included': EXIT.damaged,
  'stale-owner': EXIT.damaged,
  'shim-certificate-included': EXIT.damaged,
  'old-api-version': EXIT.damaged,
  'cluster-metadata': EXIT.damaged,
  'overwrites-live-objects': EXIT.damaged,
  'cannot-decrypt': EXIT.undecryptable,
  'not-checked': EXIT.undecryptable,
  forbidden: EXIT.incomplete,
  'missing-secret': EXIT.incomplete,
  'missing-issuer': EXIT.incomplete,
  'crds-left-out': EXIT.incomplete,
  'cluster-issuers-left-out': EXIT.incomplete,
  'deployment-before-rbac': EXIT.incomplete,
  'status-not-restored': EXIT.incomplete,
  'inline-credential': EXIT.incomplete,
  'nothing-found': EXIT.incomplete,
  'cert-manager-not-installed': EXIT.incomplete,
  'cluster-resource-namespace-unknown': EXIT.incomplete,
  'secrets-not-captured': EXIT.incomplete,
  'plaintext-secrets': EXIT.incomplete,
  'changed-while-reading': EXIT.incomplete,
  'api-unavailable': EXIT.incomplete,
  'certificate-in-issuance': EXIT.incomplete,
  'temporary-certificate': EXIT.incomplete,
  'shared-secret': EXIT.incomplete,
  'owned-secrets': EXIT.incomplete,
  prerequisite: EXIT.incomplete,
  'made-by-another-object': EXIT.incomplete,
  'maker-ignored': EXIT.incomplete,
  conflict: EXIT.conflict,
  'cluster-changed': EXIT.conflict,
  'name-collision': EXIT.conflict,
  'restore-running': EXIT.conflict,
  'write-refused': EXIT.conflict,
  'artifact-service': EXIT.unexpected,
  'artifact-not-found': EXIT.damaged,
  'controller-not-running': EXIT.unproven,
  'controller-not-seen': EXIT.unproven,
  'controller-paused': EXIT.unproven,
  'controller-not-stopped': EXIT.unproven,
  'not-paused': EXIT.unproven,
  'awaiting-maker': EXIT.unproven,
  unproven: EXIT.unproven,
  undecidable: EXIT.unproven,
  unreachable: EXIT.unreachable,
  unauthorized: EXIT.unreachable,
  'bad-kubeconfig': EXIT.unreachable,
} as const satisfies Record<string, ExitCode>;
export type ProblemCode = keyof typeof PROBLEM_CODES;

export type Severity = 'error' | 'warning' | 'note';

/** One line of `problems` in a report. */
export interface Problem {
  severity: Severity;
  code: ProblemCode;
  /** What happened and the likely cause, in one or two sentences. */
  message: string;
  /** What to do about it; a command where there is one. */
  fix: string;
  /** `Kind/namespace/name`, where one object is meant. */
  object?: string;
}

/** The exit code that a list of problems asks for: of its errors only. */
export function exitCodeOf(problems: readonly Problem[]): ExitCode {
  return worstExitCode(problems.filter((p) => p.severity === 'error').map((p) => PROBLEM_CODES[p.code]));
}

/** An error with a documented code. `cause` keeps what was caught; its text is shown with --verbose only. */
export class CertkeepError extends Error {
  readonly code: ProblemCode;
  readonly fix: string;
  readonly object: string | undefined;

  constructor(code: ProblemCode, message: string, fix: string, options: { object?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CertkeepError';
    this.code = code;
    this.fix = fix;
    this.object = options.object;
  }

  get exitCode(): ExitCode {
    return PROBLEM_CODES[this.code];
  }

  /** The error as a line of a report. */
  toProblem(): Problem {
    return {
      severity: 'error',
      code: this.code,
      message: this.message,
      fix: this.fix,
      ...(this.object === undefined ? {} : { object: this.object }),
    };
  }
}
