import { CertkeepError } from '../../model/problems.ts';
import { printable } from '../errors.ts';
import { MAX_PATH } from './bounds.ts';

/** The error for a tarball that is not as Velero writes it. */
export function refused(file: string, what: string, cause?: unknown): CertkeepError {
  return new CertkeepError(
    'damaged-backup',
    `${file} is refused: ${what}.`,
    'Take the tarball anew, with `velero backup download`; whoever made this one did not use Velero, or it was changed or cut.',
    { cause },
  );
}

/** Why a path must not be used, as the end of a sentence; undefined where it may. */
export function pathFault(path: string): string | undefined {
  if (path.length > MAX_PATH) return `the path ${printable(path)} in it is too long`;
  if (path.startsWith('/') || path.includes('\\') || path.includes('\0') || path.split('/').includes('..')) {
    return `${printable(path)} in it points outside of it`;
  }
  return undefined;
}
