import { objectName } from '../../../model/objects.ts';
import type { Problem } from '../../../model/problems.ts';
import type { Foreign } from '../foreign.ts';
import { CERTIFICATES, fullName, INGRESSES, SECRETS } from './resources.ts';
import { isBefore, veleroServer } from './server.ts';

/** A Velero whose own order of restore puts Certificates or Ingresses before Secrets. */
export function restoreOrder(foreign: Foreign): Problem[] {
  const server = veleroServer(foreign);
  if (server.deployment === undefined || server.first === undefined) return [];
  const wrong = [CERTIFICATES, INGRESSES].filter((resource) => isBefore(server, resource, SECRETS)).map(fullName);
  if (wrong.length === 0) return [];
  return [
    {
      severity: 'error',
      code: 'restore-order',
      message: `Its --restore-resource-priorities put ${wrong.join(' and ')} before secrets: cert-manager finds no Secrets for the Certificates and issues all of them anew (DoesNotExist).`,
      fix: 'Put secrets among the first, and leave certificates and ingresses to the rest, as in the default order.',
      object: objectName(server.deployment),
    },
  ];
}
