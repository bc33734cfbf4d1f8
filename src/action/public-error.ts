import { CertkeepError, type ProblemCode } from '../model/problems.ts';

/**
 * An error whose message and fix hold nothing of the cluster: no object's name, no server's address. It may be shown in
 * full where strangers can read the log; every other error is reduced to its code there (see code-words.ts).
 */
export class PublicError extends CertkeepError {
  constructor(code: ProblemCode, message: string, fix: string, options: { cause?: unknown } = {}) {
    super(code, message, fix, options);
    this.name = 'PublicError';
  }
}

/** A wrong input, named. */
export function wrongInput(input: string, message: string, fix: string): PublicError {
  return new PublicError('wrong-usage', `Input \`${input}\`: ${message}`, fix);
}
