import type { Problem } from '../../model/problems.ts';
import type { Foreign } from './foreign.ts';

/** No Secret at all, as in a backup made by the first command of cert-manager's own tutorial. */
export function secretsLeftOut(foreign: Foreign): Problem[] {
  if (foreign.secrets.size > 0 || foreign.certificates.length + foreign.issuers.length === 0) return [];
  const count = foreign.certificates.length;
  return [
    {
      severity: 'error',
      code: 'secrets-not-captured',
      message: `There is no Secret in it. Where the target does not have them already, ${count === 0 ? 'the issuers have no credentials' : count === 1 ? 'the Certificate is issued anew' : `all ${count} Certificates are issued anew`}, with new keys, and ACME issuers register new accounts.`,
      fix:
        foreign.tool === 'velero'
          ? 'Back up with the resource secrets included, or use `certkeep backup`, which encrypts them.'
          : 'Use `certkeep backup`, which takes the Secrets that are needed and encrypts them; or export those named here too, and apply them first.',
    },
  ];
}
