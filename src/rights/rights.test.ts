import { load, loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../cluster/client.ts';
import { CertkeepError } from '../model/problems.ts';
import { rbacCommand, rbacFix, withRbacCommand } from './command.ts';
import { manifestsOf, type Rule } from './manifests.ts';
import { type KnownObjects, type RightsOptions, USES, withDefaults } from './options.ts';
import { minimal, type Right, rightWords } from './right.ts';
import { rightsFor } from './rights.ts';
import { listOf, yamlOf } from './yaml.ts';

const words = (given: Partial<RightsOptions> & Pick<RightsOptions, 'use'>): string[] =>
  rightsFor(withDefaults(given)).map(rightWords).sort();
const secrets = (given: Partial<RightsOptions> & Pick<RightsOptions, 'use'>): string[] =>
  words(given).filter((right) => / secrets/.test(right));

const known: KnownObjects = {
  namespaces: ['app', 'cert-manager'],
  secrets: [
    { namespace: 'app', name: 'web-tls', purpose: 'leaf' },
    { namespace: 'app', name: 'password', purpose: 'other' },
    { namespace: 'cert-manager', name: 'ca', purpose: 'issuer' },
  ],
  kinds: new Set(['Namespace', 'Secret', 'Issuer', 'Certificate']),
  issuersWithStatus: new Set(),
  makers: [],
};

describe('rightsFor', () => {
  it('a backup reads, and nothing else', () => {
    for (const right of words({ use: 'backup' })) expect(right).toMatch(/^(get|list) /);
    expect(words({ use: 'backup' })).toEqual([
      'get namespaces "kube-system"',
      'list certificaterequests.cert-manager.io (cluster-wide)',
      'list certificates.cert-manager.io (cluster-wide)',
      'list clusterissuers.cert-manager.io (cluster-wide)',
      'list deployments.apps in the namespace cert-manager',
      'list ingresses.networking.k8s.io (cluster-wide)',
      'list issuers.cert-manager.io (cluster-wide)',
      'list namespaces (cluster-wide)',
      'list secrets (cluster-wide)',
    ]);
  });

  it('Secrets become fewer with --secrets, --namespace, --from and --baseline', () => {
    expect(secrets({ use: 'backup', secrets: 'issuer' })).toEqual(['get secrets (cluster-wide)']);
    expect(secrets({ use: 'backup', secrets: 'none', namespaces: ['app'] })).toEqual([
      'get secrets in the namespace app',
    ]);
    expect(secrets({ use: 'backup', namespaces: ['app'], clusterResourceNamespace: 'crn' })).toEqual([
      'get secrets in the namespace crn',
      'list secrets in the namespace app',
    ]);
    expect(secrets({ use: 'backup', known })).toEqual([
      'get secrets "ca" in the namespace cert-manager',
      'get secrets "password" in the namespace app',
      'get secrets "web-tls" in the namespace app',
    ]);
    expect(secrets({ use: 'backup', known, secrets: 'issuer' })).toHaveLength(2);
    expect(secrets({ use: 'backup', known, secrets: 'none' })).toEqual(['get secrets "web-tls" in the namespace app']);
    expect(secrets({ use: 'verify', known })).toEqual(['get secrets "web-tls" in the namespace app']);
    for (const use of ['backup', 'verify'] as const) {
      expect(secrets({ use, baseline: 'requests', secrets: 'none' })).toEqual([]);
      expect(secrets({ use, baseline: 'requests', secrets: 'none', known, namespaces: ['app'] })).toEqual([]);
    }
  });

  it('verify deletes nothing but its canary, and writes nothing without one', () => {
    const write = (right: string) => !/^(get|list) /.test(right);
    expect(words({ use: 'verify' }).filter(write)).toEqual([
      'create certificates.cert-manager.io in the namespace cert-manager',
      'delete certificates.cert-manager.io in the namespace cert-manager',
    ]);
    expect(words({ use: 'verify', canary: false }).filter(write)).toEqual([]);
    expect(words({ use: 'verify', namespaces: ['app'], canaryNamespace: 'app' }).filter(write)).toHaveLength(2);
  });

  it('a restore has no more than what the backup holds', () => {
    const rights = words({ use: 'restore', known });
    expect(rights).toContain('patch secrets "web-tls"');
    expect(rights).not.toContain('patch secrets (cluster-wide)');
    expect(rights.join()).not.toMatch(/(create|patch) clusterissuers/);
    expect(rights.join()).not.toContain('issuers/status');
    expect(words({ use: 'restore' })).toContain('patch clusterissuers/status.cert-manager.io (cluster-wide)');
    // Roles, where the namespaces are told: they must be there.
    expect(words({ use: 'restore', known, namespaces: ['app'] })).toContain(
      'patch secrets "web-tls" in the namespace app',
    );
  });

  it('--include adds what it names', () => {
    const base = words({ use: 'backup' });
    const more = words({ use: 'backup', include: ['bundles.trust.cert-manager.io', 'crds'] }).filter(
      (right) => !base.includes(right),
    );
    expect(more).toContain('list bundles.trust.cert-manager.io (cluster-wide)');
    expect(more).toContain('get customresourcedefinitions.apiextensions.k8s.io "bundles.trust.cert-manager.io"');
    expect(more).toHaveLength(8);
  });

  it('--include lets a restore write what it names, and plan try it', () => {
    const more = (use: 'plan' | 'restore') => {
      const base = words({ use });
      return words({ use, include: ['bundles.trust.cert-manager.io', 'crds'] }).filter(
        (right) => !base.includes(right),
      );
    };
    const CRDS = 'customresourcedefinitions.apiextensions.k8s.io';
    const tried = ['list', 'create'].map((verb) => `${verb} bundles.trust.cert-manager.io (cluster-wide)`);
    expect(more('plan').sort()).toEqual(
      [...tried, `create ${CRDS} (cluster-wide)`, `get ${CRDS} (cluster-wide)`].sort(),
    );
    expect(more('restore')).toContain('patch bundles.trust.cert-manager.io (cluster-wide)');
  });

  it('none includes another one', () => {
    for (const use of USES) {
      for (const namespaces of [[], ['cert-manager']]) {
        const rights = rightsFor(withDefaults({ use, namespaces, known }));
        expect(minimal(rights)).toEqual(rights);
      }
    }
  });
});

describe('minimal', () => {
  const right = (namespace: string, name: string): Right => ({
    verb: 'get',
    group: '',
    resource: 'x',
    namespace,
    name,
  });
  it('drops what a wider right includes', () => {
    expect(minimal([right('a', 'n'), right('a', ''), right('b', 'n')])).toEqual([right('a', ''), right('b', 'n')]);
    expect(minimal([right('a', 'n'), right('', 'n'), right('b', '')])).toEqual([right('', 'n'), right('b', '')]);
    expect(minimal([right('', ''), right('a', 'n'), right('', '')])).toEqual([right('', '')]);
  });
});

describe('manifests', () => {
  const options = withDefaults({ use: 'backup', known, namespaces: ['app'] });
  const manifests = manifestsOf(rightsFor(options), 'backup', { kind: 'ServiceAccount', namespace: 'ci', name: 'bot' });

  it('hold exactly the rights', () => {
    const again = (manifests as { metadata: { namespace?: string }; rules?: Rule[] }[]).flatMap(({ metadata, rules }) =>
      (rules ?? []).flatMap((rule) =>
        rule.resources.flatMap((resource) =>
          rule.verbs.flatMap((verb) =>
            (rule.resourceNames ?? ['']).map((name) =>
              rightWords({ verb, group: rule.apiGroups[0] ?? '', resource, namespace: metadata.namespace ?? '', name }),
            ),
          ),
        ),
      ),
    );
    expect(again.sort()).toEqual(words(options));
  });

  it('bind a Role in each namespace, and a ClusterRole', () => {
    expect(manifests.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}`)).toEqual([
      'ClusterRole ',
      'ClusterRoleBinding ',
      'Role app',
      'RoleBinding app',
      'Role cert-manager',
      'RoleBinding cert-manager',
    ]);
    expect(manifests[1]).toMatchObject({
      roleRef: { kind: 'ClusterRole', name: 'certkeep-backup' },
      subjects: [{ kind: 'ServiceAccount', namespace: 'ci', name: 'bot' }],
    });
    expect(manifestsOf(rightsFor(options), 'backup', undefined).map(({ kind }) => kind)).toEqual([
      'ClusterRole',
      'Role',
      'Role',
    ]);
  });

  it('are the same as YAML and as JSON', () => {
    const text = yamlOf(manifests, options, true);
    expect(loadAll(text)).toEqual(listOf(manifests).items);
    expect(text).toContain('Kubernetes has no right to read a fingerprint only');
    const odd = manifestsOf([], 'backup', undefined);
    expect(odd).toEqual([]);
    const named = manifestsOf(
      [{ verb: 'get', group: '', resource: 'secrets', namespace: 'a', name: 'no', why: 'a # b' }],
      'verify',
      { kind: 'User', name: 'system:x "y"' },
    );
    expect(loadAll(yamlOf(named, options, true))).toEqual(listOf(named).items);
    expect(load('a: no')).toBeDefined();
  });
});

describe('the command', () => {
  it('names what is not usual', () => {
    expect(rbacCommand(withDefaults({ use: 'verify' }))).toBe('certkeep rbac --for verify');
    expect(
      rbacCommand(
        withDefaults({ use: 'backup', namespaces: ['a', 'b'], secrets: 'none', certManagerNamespace: 'cm' }),
        'system:serviceaccount:ci:bot',
      ),
    ).toBe(
      'certkeep rbac --for backup --namespace a --namespace b --secrets none --cert-manager-namespace cm --service-account ci/bot',
    );
    expect(rbacCommand(withDefaults({ use: 'verify' }), "o'brien; rm")).toBe('certkeep rbac --for verify');
  });

  it('replaces the fix of an error about rights, and of no other', () => {
    const cause = new ApiError({ status: 403, verb: 'list', path: '/x' }, { user: 'ci' });
    const forbidden = new CertkeepError('forbidden', 'no right', 'old', { cause });
    const options = withDefaults({ use: 'restore' });
    expect(withRbacCommand(forbidden, options)).toMatchObject({
      message: 'no right',
      fix: rbacFix(options, 'ci'),
    });
    expect(rbacFix(options, 'ci')).toContain('certkeep rbac --for restore --user ci');
    const other = new CertkeepError('unreachable', 'x', 'y');
    expect(withRbacCommand(other, options)).toBe(other);
  });
});
