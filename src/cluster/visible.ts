import { CertkeepError } from '../model/problems.ts';
import type { CertManagerInfo } from './certmanager.ts';

/**
 * Throws CertkeepError `forbidden` where a missing right keeps something of cert-manager's controller from sight: for
 * those who cannot do without.
 */
export function requireVisible(info: CertManagerInfo): void {
  if (info.hidden === undefined) return;
  throw new CertkeepError(
    'forbidden',
    `What is needed of cert-manager’s controller could not be seen: ${info.hidden.because} (403).`,
    'Grant it; certkeep rbac prints all rights that a command needs.',
  );
}
