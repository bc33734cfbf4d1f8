import { objectName } from '../../model/objects.ts';
import type { Problem } from '../../model/problems.ts';
import { leafSecretName, some } from '../subject.ts';
import type { Foreign } from './foreign.ts';

/** Two or more Certificates with one Secret: applied in the wrong order, one of them takes it from the other. */
export function sharedSecrets(foreign: Foreign): Problem[] {
  const groups = Map.groupBy(
    foreign.certificates.map(({ object }) => object),
    leafSecretName,
  );
  return [...groups].flatMap(([secret, certificates]): Problem[] => {
    if (certificates.length < 2) return [];
    return [
      {
        severity: 'warning',
        code: 'shared-secret',
        message: `${some(certificates.map(objectName))} write it. Only one of them can be kept Ready; if another than its owner comes first, it is issued anew.`,
        fix: 'Give each Certificate its own spec.secretName.',
        object: secret,
      },
    ];
  });
}
