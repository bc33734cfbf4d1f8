import { isWebhookCaSecret } from '../../archive/allowed.ts';
import { objectName } from '../../model/objects.ts';
import type { Problem } from '../../model/problems.ts';
import type { Foreign } from './foreign.ts';

/** The Secret in which cert-manager's webhook keeps its own CA. */
export function webhookCa(foreign: Foreign): Problem[] {
  const home = foreign.certManager.namespace || 'cert-manager';
  return [...foreign.secrets.values()]
    .filter(({ object }) => isWebhookCaSecret(object, home))
    .map(({ object }) => ({
      severity: 'error',
      code: 'webhook-ca-included',
      message:
        "It is the CA of cert-manager's own webhook, which each cluster makes itself. With that of another cluster every write to a cert-manager resource fails: x509: certificate signed by unknown authority.",
      fix:
        foreign.tool === 'velero'
          ? 'Label it velero.io/exclude-from-backup=true and back up again; where it was restored already, delete it and restart the webhook.'
          : 'Take it out of the file; where it was restored already, delete it and restart the webhook.',
      object: objectName(object),
    }));
}
