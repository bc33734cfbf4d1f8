import { keyOf } from '../backup/state.ts';
import type { CertificateBaseline, IndexEntry } from '../model/backup.ts';
import { CertkeepError, type Problem } from '../model/problems.ts';
import type { VerifyRequest } from './request.ts';

/** A line of the index that stands for a Certificate to be compared. */
export type Expected = IndexEntry & { baseline: CertificateBaseline };

/** `namespace/name`. */
export function nameOf(entry: IndexEntry): string {
  return keyOf(entry.namespace, entry.name);
}

/**
 * The Certificates of the backup that are in scope, by namespace and name. Throws CertkeepError `cannot-decrypt` where
 * the index itself is sealed, and `nothing-found` where the backup has Certificates but none in the given namespaces.
 */
export function expectedOf(request: Pick<VerifyRequest, 'backup' | 'namespaces'>): {
  expected: Expected[];
  problems: Problem[];
} {
  const { backup, namespaces } = request;
  if (backup.sealed.some((file) => file.startsWith('index.ndjson'))) {
    throw new CertkeepError(
      'cannot-decrypt',
      'The whole backup is encrypted, its baseline too, and no identity was given.',
      'Give the age identity with --identity-file, or in CERTKEEP_IDENTITY.',
    );
  }
  const all = backup.contents.index.filter((entry): entry is Expected => entry.baseline !== undefined);
  const expected = all.filter((entry) => namespaces.length === 0 || namespaces.includes(entry.namespace ?? ''));
  if (expected.length > 0) {
    return { expected: expected.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)), problems: [] };
  }
  if (all.length > 0) {
    throw new CertkeepError(
      'nothing-found',
      `The backup holds no Certificate in ${namespaces.length === 1 ? 'the namespace' : 'the namespaces'} ${namespaces.join(', ')}.`,
      `Its Certificates are in: ${[...new Set(all.map((entry) => entry.namespace ?? ''))].sort().join(', ')}.`,
    );
  }
  return {
    expected: [],
    problems: [
      {
        severity: 'warning',
        code: 'nothing-found',
        message: 'The backup holds no Certificates, so there is nothing that could have been reissued.',
        fix: 'Check that this is the right backup.',
      },
    ],
  };
}
