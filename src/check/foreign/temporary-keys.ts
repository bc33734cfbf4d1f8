import { NEXT_PRIVATE_KEY_LABEL } from '../../model/kinds.ts';
import { objectName } from '../../model/objects.ts';
import type { Problem } from '../../model/problems.ts';
import type { Foreign } from './foreign.ts';

/** Secrets that hold the key of an issuance under way. */
export function temporaryKeys(foreign: Foreign): Problem[] {
  return [...foreign.secrets.values()]
    .filter(({ object }) => object.metadata.labels?.[NEXT_PRIVATE_KEY_LABEL] !== undefined)
    .map(({ object }) => ({
      severity: 'error',
      code: 'temporary-key-included',
      message:
        'It holds the private key of an issuance that was under way when the backup was made. The restored Certificate does not know it, and nothing ever removes it.',
      fix: 'Leave it out, and make the backup anew once its Certificate is Ready.',
      object: objectName(object),
    }));
}
