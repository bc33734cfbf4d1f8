import { describe, expect, it } from 'vitest';
import { parseIncludes } from './include.ts';

describe('--include', () => {
  it('takes CRDs and resources of foreign groups, each once', () => {
    const asked = ['bundles.trust.cert-manager.io', 'crds', 'awspcaissuers.awspca.cert-manager.io', 'crds'];
    expect(parseIncludes([...asked, 'bundles.trust.cert-manager.io'])).toEqual({
      crds: true,
      resources: [
        { plural: 'bundles', group: 'trust.cert-manager.io' },
        { plural: 'awspcaissuers', group: 'awspca.cert-manager.io' },
      ],
    });
    expect(parseIncludes([])).toEqual({ crds: false, resources: [] });
  });

  it.each([
    'secrets',
    'deployments.apps',
    'clusterroles.rbac.authorization.k8s.io',
    'validatingwebhookconfigurations.admissionregistration.k8s.io',
    'orders.acme.cert-manager.io',
    'certificaterequests.cert-manager.io',
    'Bundle.trust.cert-manager.io',
    'x.y/z.w',
    '.trust.cert-manager.io',
    'a..b',
    '',
  ])('refuses %j', (text) => {
    expect(() => parseIncludes([text])).toThrow(expect.objectContaining({ code: 'wrong-usage' }));
  });
});
