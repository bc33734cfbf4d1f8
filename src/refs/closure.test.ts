import { describe, expect, it } from 'vitest';
import fixture from '../../test/fixtures/crds/references.json' with { type: 'json' };
import type { KubeObject } from '../model/objects.ts';
import { referencesOf } from './closure.ts';
import { OLD_REFERENCE_PATHS, REFERENCE_PATHS, WEBHOOK_CONFIG_PATH } from './paths.ts';

function issuer(spec: Record<string, unknown>, namespace?: string): KubeObject {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: namespace === undefined ? 'ClusterIssuer' : 'Issuer',
    metadata: { name: 'x', ...(namespace === undefined ? {} : { namespace }) },
    spec,
  };
}

/** An object with one value at a path of the table; lists get one element. */
function nest(path: string, value: unknown): Record<string, unknown> {
  const [head = '', ...rest] = path.split('.');
  const field = head.replace('[]', '');
  const child = rest.length === 0 ? value : nest(rest.join('.'), value);
  return { [field]: head.endsWith('[]') ? [child] : child };
}

const isString = /(secretName|serviceAccountName)$/;

describe('the table of reference paths', () => {
  it.each(REFERENCE_PATHS.map((row) => [row.path, row] as const))('%s', (path, row) => {
    const value = isString.test(path) ? 'named' : { name: 'named' };
    const holder = {
      apiVersion: 'cert-manager.io/v1',
      kind: row.holder === 'issuer' ? 'Issuer' : 'Certificate',
      metadata: { name: 'x', namespace: 'ns' },
      ...nest(path, value),
    };
    const references = referencesOf(holder, 'cm');
    expect(references).toHaveLength(1);
    expect(references[0]).toMatchObject({
      kind: row.names,
      namespace: 'ns',
      name: 'named',
      role: row.role,
      from: `${holder.kind}/ns/x:${path.replaceAll('[]', '[0]')}`,
    });
    expect(references[0]?.key).toBe(row.defaultKey);
  });

  it('has each path once', () => {
    const paths = [...REFERENCE_PATHS, ...OLD_REFERENCE_PATHS].map((row) => row.path);
    expect(new Set(paths).size).toBe(paths.length);
  });

  const known = (holder: string) => [
    ...REFERENCE_PATHS.filter((row) => row.holder === holder).map((row) => row.path),
    holder === 'issuer' ? WEBHOOK_CONFIG_PATH : 'spec.issuerRef',
  ];

  it.each(Object.entries(fixture))('has every field of %s that looks like a reference', (_, fields) => {
    for (const [holder, paths] of Object.entries(fields)) {
      expect(paths.length).toBeGreaterThan(3);
      expect(paths.filter((path) => !known(holder).includes(path))).toEqual([]);
    }
  });

  it('has no field that no version has', () => {
    for (const holder of ['issuer', 'certificate'] as const) {
      const all = new Set(Object.values(fixture).flatMap((fields) => fields[holder]));
      expect(known(holder).filter((path) => !all.has(path))).toEqual([]);
    }
  });

  it.each([
    ['root CA', { ca: { secretName: 's' } }, 'spec.ca.secretName'],
    ['Vault token', { vault: { auth: { tokenSecretRef: { name: 's' } } } }, 'spec.vault.auth.tokenSecretRef'],
    [
      'Vault AppRole',
      { vault: { auth: { appRole: { secretRef: { name: 's', key: 'k' } } } } },
      'spec.vault.auth.appRole.secretRef',
    ],
    ['ACME account key', { acme: { privateKeySecretRef: { name: 's' } } }, 'spec.acme.privateKeySecretRef'],
    [
      'a DNS provider',
      { acme: { solvers: [{}, { dns01: { cloudflare: { apiTokenSecretRef: { name: 's', key: 'k' } } } }] } },
      'spec.acme.solvers[1].dns01.cloudflare.apiTokenSecretRef',
    ],
  ])('finds what the backup tutorial lists: %s', (_, spec, path) => {
    expect(referencesOf(issuer(spec, 'ns'), '').map((r) => `${r.from} ${r.namespace}/${r.name}`)).toEqual([
      `Issuer/ns/x:${path} ns/s`,
    ]);
  });
});

describe('manifests of old versions', () => {
  const old = (dns01: unknown, apiVersion = 'certmanager.k8s.io/v1alpha1'): KubeObject => ({
    ...issuer({ acme: dns01 as Record<string, unknown> }, 'ns'),
    apiVersion,
  });

  it.each([
    [{ dns01: { providers: [{ name: 'x', clouddns: { serviceAccountSecretRef: { name: 's', key: 'k' } } }] } }],
    [{ dns01: { providers: [{ cloudflare: { apiKeySecretRef: { name: 's', key: 'k' } } }] } }],
    [{ dns01: { providers: [{ route53: { secretAccessKeySecretRef: { name: 's', key: 'k' } } }] } }],
    [{ solvers: [{ dns01: { acmedns: { accountSecretRef: { name: 's', key: 'k' } } } }] }],
  ])('name Secrets too: %j', (acme) => {
    for (const version of ['certmanager.k8s.io/v1alpha1', 'cert-manager.io/v1alpha2']) {
      expect(referencesOf(old(acme, version), '')).toMatchObject([{ namespace: 'ns', name: 's', key: 'k' }]);
    }
  });
});

describe('objects that get their CA from a Secret', () => {
  const annotated = (kind: string, value: string): KubeObject => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name: 'x', annotations: { 'cert-manager.io/inject-ca-from-secret': value } },
  });

  it('name it in their annotation', () => {
    expect(referencesOf(annotated('ValidatingWebhookConfiguration', 'ns/ca'), 'cm')).toMatchObject([
      {
        namespace: 'ns',
        name: 'ca',
        optional: true,
        from: 'ValidatingWebhookConfiguration/x:metadata.annotations[cert-manager.io/inject-ca-from-secret]',
      },
    ]);
  });

  it.each(['', 'ca', 'a/b/c', '/ca', 'ns/'])('name none in %j', (value) => {
    expect(referencesOf(annotated('APIService', value), 'cm')).toEqual([]);
  });

  it('are those that the injector writes to', () => {
    expect(referencesOf(annotated('Deployment', 'ns/ca'), 'cm')).toEqual([]);
  });
});

describe('where references lead', () => {
  it('takes the cluster resource namespace for a ClusterIssuer', () => {
    const references = referencesOf(issuer({ ca: { secretName: 's' } }), 'cert-manager');
    expect(references).toMatchObject([{ namespace: 'cert-manager', from: 'ClusterIssuer/x:spec.ca.secretName' }]);
    expect(referencesOf(issuer({ ca: { secretName: 's' } }), '')).toMatchObject([{ namespace: '' }]);
  });

  it('looks for pull secrets beside the Certificates that use a ClusterIssuer', () => {
    const spec = {
      acme: { solvers: [{ http01: { ingress: { podTemplate: { spec: { imagePullSecrets: [{ name: 'pull' }] } } } } }] },
    };
    expect(referencesOf(issuer(spec), 'cm')).toEqual([]);
    const references = referencesOf(issuer(spec), 'cm', { challengeNamespaces: ['b', 'a', 'b'] });
    expect(references.map((r) => `${r.namespace}/${r.name} ${r.optional}`)).toEqual(['a/pull true', 'b/pull true']);
  });

  it('keeps the namespace of a Gateway that a parentRef names', () => {
    const parentRefs = [{ name: 'gw', namespace: 'infra' }, { name: 'local' }, { name: 'set', kind: 'ListenerSet' }];
    const spec = { acme: { solvers: [{ http01: { gatewayHTTPRoute: { parentRefs } } }] } };
    const found = referencesOf(issuer(spec, 'ns'), 'cm').map((r) => `${r.kind} ${r.namespace}/${r.name}`);
    expect(found).toEqual(['Gateway infra/gw', 'Gateway ns/local', 'ListenerSet ns/set']);
  });

  it('ignores selectors without a name', () => {
    const spec = {
      vault: {
        auth: { tokenSecretRef: { name: '' }, appRole: { secretRef: { name: '', key: '' } } },
        caBundleSecretRef: null,
      },
      acme: { privateKeySecretRef: {}, solvers: null },
      ca: { secretName: '' },
    };
    expect(referencesOf(issuer(spec, 'ns'), 'cm')).toEqual([]);
  });

  it('has nothing to say about other kinds', () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { secretName: 's' } };
    expect(referencesOf(pod, 'cm')).toEqual([]);
    const request = { apiVersion: 'cert-manager.io/v1', kind: 'CertificateRequest', metadata: { name: 'r' } };
    expect(referencesOf(request, 'cm')).toEqual([]);
  });
});

describe('free-form configuration', () => {
  const config = {
    secretName: 'plain',
    apiKeySecretRef: { name: 'selector', key: 'api-key' },
    nested: [{ credentials: { name: 'keyed', key: 'k' } }],
    tokenSecretRef: { name: 'elsewhere', namespace: 'other', key: 't' },
    endpoint: 'https://dns.test/v1',
    password: 'Hunter2!',
    configRef: { kind: 'ConfigMap', name: 'map' },
    groupName: 'acme.test',
  };
  const spec = { acme: { solvers: [{ dns01: { webhook: { groupName: 'g', solverName: 's', config } } }] } };
  const list = (object: KubeObject) => referencesOf(object, 'cm').map((r) => `${r.namespace}/${r.name}`);

  it('is searched for the shapes of references, as guesses', () => {
    const references = referencesOf(issuer(spec), 'cm');
    expect(references.every((r) => r.guess === true && r.optional && r.role === 'issuer-secret')).toBe(true);
    expect(list(issuer(spec))).toEqual(['cm/plain', 'cm/selector', 'cm/keyed', 'other/elsewhere']);
    expect(references[1]).toMatchObject({
      key: 'api-key',
      from: 'ClusterIssuer/x:spec.acme.solvers[0].dns01.webhook.config.apiKeySecretRef',
    });
  });

  it('cannot draw Secrets of other namespaces into an Issuer’s references', () => {
    expect(list(issuer(spec, 'ns'))).toEqual(['ns/plain', 'ns/selector', 'ns/keyed', 'ns/elsewhere']);
  });

  it('is all there is to an issuer of another group', () => {
    const foreign = {
      apiVersion: 'awspca.cert-manager.io/v1beta1',
      kind: 'AWSPCAIssuer',
      metadata: { name: 'x', namespace: 'ns' },
      spec: { arn: 'arn:x', secretRef: { name: 'aws', key: 'id' } },
    };
    expect(referencesOf(foreign, 'cm')).toMatchObject([{ namespace: 'ns', name: 'aws', guess: true }]);
  });

  const cluster = (apiVersion: string, kind: string, spec: Record<string, unknown>): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name: 'x' },
    spec,
  });

  it.each([
    [
      'AWS Private CA',
      cluster('awspca.cert-manager.io/v1beta1', 'AWSPCAClusterIssuer', {
        secretRef: { namespace: 'aws', name: 's', accessKeyIDSelector: { key: 'id' } },
      }),
      ['aws/s'],
    ],
    [
      'Google CAS',
      cluster('cas-issuer.jetstack.io/v1beta1', 'GoogleCASClusterIssuer', { credentials: { name: 's', key: 'k' } }),
      ['cm/s'],
    ],
    [
      'step-ca',
      cluster('certmanager.step.sm/v1beta1', 'StepClusterIssuer', {
        caBundle: 'LS0t',
        provisioner: { name: 'acme', kid: 'x', passwordRef: { name: 's', namespace: 'step', key: 'k' } },
      }),
      ['step/s'],
    ],
    [
      'Origin CA',
      cluster('cert-manager.k8s.cloudflare.com/v1', 'ClusterOriginIssuer', {
        auth: { serviceKeyRef: { name: 's', key: 'k' } },
      }),
      ['cm/s'],
    ],
    [
      'Keyfactor Command',
      cluster('command-issuer.keyfactor.com/v1alpha1', 'ClusterIssuer', { commandSecretName: 's', caSecretName: 't' }),
      ['cm/s', 'cm/t'],
    ],
    [
      'an approval policy, which names issuers and no Secret',
      cluster('policy.cert-manager.io/v1alpha1', 'CertificateRequestPolicy', {
        selector: { issuerRef: { name: 'ca' }, namespace: { matchNames: ['a'] } },
      }),
      [],
    ],
    [
      'an issuer that names its authority, an object of another group',
      cluster('pki.example.com/v1', 'AuthorityIssuer', { authorityRef: { name: 'root', group: 'pki.example.com' } }),
      [],
    ],
    [
      'a trust bundle',
      cluster('trust.cert-manager.io/v1alpha1', 'Bundle', {
        sources: [
          { secret: { name: 's', key: 'ca.crt' } },
          { configMap: { name: 'c', key: 'k' }, useDefaultCAs: true },
        ],
      }),
      ['cm/s'],
    ],
  ])('is read of %s', (_, object, expected) => {
    expect(list(object)).toEqual(expected);
  });
});
