import { CertkeepError } from '../model/problems.ts';

/** The error for a path at which there is no backup. `found` says what there is instead. */
export function noBackup(path: string, found: string, cause?: unknown): CertkeepError {
  return new CertkeepError(
    'no-backup',
    `${path} is no certkeep backup: ${found}.`,
    'Give the directory that `certkeep backup --output` wrote (the one that holds manifest.json), or the artifact as downloaded (.zip).',
    { cause },
  );
}

/** The error for something in a backup that does not belong there. */
export function damaged(what: string, cause?: unknown): CertkeepError {
  return withFix(what, 'Take another copy of the backup, and add nothing to its directory.', cause);
}

/** The error for a file or directory that no manifest names. */
export function surplus(what: string): CertkeepError {
  return withFix(what, 'Remove it if you put it there; else take another copy of the backup.');
}

function withFix(what: string, fix: string, cause?: unknown): CertkeepError {
  return new CertkeepError('damaged-backup', `The backup is damaged: ${what}.`, fix, { cause });
}

/** A file name that somebody else chose, fit to be shown. */
export function printable(text: string): string {
  return JSON.stringify(text.slice(0, 100)).replace(/[^\x20-\x7e]/g, '?');
}
