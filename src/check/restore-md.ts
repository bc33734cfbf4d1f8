import { makersOf, restoreMd } from '../archive/restore-md.ts';
import { FILE, SEALED } from '../archive/stages.ts';
import type { Problem } from '../model/problems.ts';
import type { Subject } from './subject.ts';

/**
 * Is RESTORE.md the text that certkeep writes for this backup? People run its commands, and whoever can replace the whole
 * backup can put others there. Only told for a backup of the same version of certkeep, whose words are known.
 *
 * @param toolVersion the version that runs now.
 */
export function restoreMdProblems({ backup }: Subject, toolVersion: string): Problem[] {
  const { manifest, contents, sealed } = backup;
  if (backup.restoreMd === undefined || manifest.tool.version !== toolVersion) return [];
  // What makes the Certificates under derived/ is in the index.
  if (sealed.includes(FILE.index + SEALED)) return [];
  const files = Object.keys(manifest.files).filter(
    (name) => name !== FILE.restoreMd && name !== FILE.restoreMd + SEALED,
  );
  if (restoreMd({ header: manifest, files, makers: makersOf(contents.index) }) === backup.restoreMd) return [];
  return [
    {
      severity: 'error',
      code: 'damaged-backup',
      message: `${FILE.restoreMd} is not the text that certkeep ${toolVersion} writes for this backup, though the manifest fits it: somebody changed both.`,
      fix: `Run none of its commands, and do not restore this backup before you know who changed it.`,
    },
  ];
}
