import { FAO_LABEL } from '../../model/kinds.ts';
import { objectName } from '../../model/objects.ts';
import type { Problem } from '../../model/problems.ts';
import { leafSecretName } from '../subject.ts';
import type { Foreign } from './foreign.ts';

/**
 * Certificates whose Secret cert-manager's cache does not show: it takes Secrets with the label set to "true", and those
 * without it by a second way that lags (internal/informers/core_filteredsecrets.go).
 */
export function hiddenSecrets(foreign: Foreign): Problem[] {
  return foreign.certificates.flatMap(({ object }): Problem[] => {
    const secret = foreign.secrets.get(leafSecretName(object))?.object;
    const label = secret?.metadata.labels?.[FAO_LABEL];
    if (secret === undefined || label === 'true') return [];
    const isCertain = label !== undefined;
    return [
      {
        severity: isCertain ? 'error' : 'warning',
        code: 'would-be-reissued',
        message: isCertain
          ? `Its Secret carries the label ${FAO_LABEL} with another value than "true": cert-manager does not see the Secret at all, and issues anew (DoesNotExist).`
          : `Its Secret lacks the label ${FAO_LABEL}: cert-manager up to 1.20 adds it, may for a moment not see the Secret meanwhile, and then issues anew (DoesNotExist).`,
        fix: `Set the label ${FAO_LABEL}: "true" on the Secret before it is applied.`,
        object: objectName(object),
      },
    ];
  });
}
