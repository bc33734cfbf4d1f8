import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../model/objects.ts';
import { referencesOf } from './closure.ts';
import { REFERENCE_PATHS } from './paths.ts';

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
    const paths = REFERENCE_PATHS.map((row) => row.path);
    expect(new Set(paths).size).toBe(paths.length);
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
    const parentRefs = [{ name: 'gw', namespace: 'infra' }, { name: 'local' }];
    const spec = { acme: { solvers: [{ http01: { gatewayHTTPRoute: { parentRefs } } }] } };
    const found = referencesOf(issuer(spec, 'ns'), 'cm').map((r) => `${r.kind} ${r.namespace}/${r.name}`);
    expect(found).toEqual(['Gateway infra/gw', 'Gateway ns/local']);
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
      apiVersion: 'awspca.cert-manager.test/v1beta1',
      kind: 'AWSPCAIssuer',
      metadata: { name: 'x', namespace: 'ns' },
      spec: { arn: 'arn:x', secretRef: { name: 'aws', key: 'id' } },
    };
    expect(referencesOf(foreign, 'cm')).toMatchObject([{ namespace: 'ns', name: 'aws', guess: true }]);
  });
});
