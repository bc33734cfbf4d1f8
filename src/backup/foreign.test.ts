import { describe, expect, it } from 'vitest';
import { ApiError } from '../cluster/client.ts';
import type { KubeObject } from '../model/objects.ts';
import { type ForeignScope, foreignPrerequisites, readForeignIssuers, readIncluded } from './foreign.ts';
import { forbidden, MemoryCluster } from './memory-cluster.ts';
import { certificate, stateOf } from './samples.ts';
import { scopeIssuers } from './scope.ts';

const GROUP = 'awspca.cert-manager.io';

function pca(namespace: string, name: string): KubeObject {
  return {
    apiVersion: `${GROUP}/v1beta1`,
    kind: namespace === '' ? 'AWSPCAClusterIssuer' : 'AWSPCAIssuer',
    metadata: namespace === '' ? { name } : { namespace, name },
    spec: {},
  };
}

function withPca(objects: readonly KubeObject[]): MemoryCluster {
  const cluster = new MemoryCluster(objects);
  cluster.paths[`/apis/${GROUP}`] = {
    preferredVersion: { version: 'v1beta1' },
    versions: [{ version: 'v1alpha1' }, { version: 'v1beta1' }],
  };
  cluster.paths[`/apis/${GROUP}/v1beta1`] = {
    resources: [
      { name: 'awspcaissuers/status', kind: 'AWSPCAIssuer', namespaced: true },
      { name: 'awspcaissuers', kind: 'AWSPCAIssuer', namespaced: true },
      { name: 'awspcaclusterissuers', kind: 'AWSPCAClusterIssuer', namespaced: false },
      { name: 'authorities', kind: 'Authority', namespaced: false },
    ],
  };
  return cluster;
}

const by = (name: string, kind = 'AWSPCAIssuer', group = GROUP, namespace = 'a') =>
  certificate(namespace, `by-${name}`, { issuerRef: { name, kind, group } });

async function read(
  cluster: MemoryCluster,
  certificates: ReturnType<typeof by>[],
  more: Partial<ForeignScope> = {},
): Promise<{ objects: string[]; resources: string[]; problems: string[] }> {
  const options = { namespaces: [], selector: '', allowMissing: [], ...more };
  const found = await readForeignIssuers(cluster, scopeIssuers(stateOf([], certificates), options), options);
  return {
    objects: found.objects.map(({ object: { metadata } }) => `${metadata.namespace ?? ''}/${metadata.name}`),
    resources: found.resources,
    problems: found.problems.map((p) => `${p.severity} ${p.code} ${p.object ?? ''}`.trim()),
  };
}

describe('readForeignIssuers', () => {
  it('takes all of the kind, or within a scope those that are named', async () => {
    const cluster = withPca([pca('a', 'x'), pca('a', 'idle'), pca('b', 'x'), pca('', 'g')]);
    const both = [by('x'), by('g', 'AWSPCAClusterIssuer')];
    expect(await read(cluster, both)).toEqual({
      objects: ['a/x', 'a/idle', 'b/x', '/g'],
      resources: [`awspcaissuers.${GROUP}`, `awspcaclusterissuers.${GROUP}`],
      problems: [],
    });
    expect((await read(cluster, both, { namespaces: ['a'] })).objects).toEqual(['a/x', '/g']);
    expect((await read(cluster, both, { selector: 'a=b' })).objects).toEqual(['a/x', '/g']);
    const twice = [by('x'), by('x', 'AWSPCAIssuer', GROUP, 'b'), by('x', 'AWSPCAIssuer', GROUP, 'b')];
    expect((await read(cluster, twice, { namespaces: ['a', 'b'] })).objects).toEqual(['a/x', 'b/x']);
  });

  it('takes of a kind that is no issuer by its name only what is named', async () => {
    const authority = (name: string): KubeObject => ({
      apiVersion: `${GROUP}/v1beta1`,
      kind: 'Authority',
      metadata: { name },
    });
    const cluster = withPca([authority('x'), authority('y')]);
    expect((await read(cluster, [by('x', 'Authority')])).objects).toEqual(['/x']);
  });

  it('asks nothing where no Certificate needs it', async () => {
    const cluster = withPca([pca('a', 'x')]);
    expect(await read(cluster, [certificate('a', 'web')])).toEqual({ objects: [], resources: [], problems: [] });
    expect(cluster.reads).toEqual([]);
  });

  it('names what does not exist, also where the kind or the whole group does not', async () => {
    const lost = [by('lost'), by('y', 'Unknown'), by('z', 'ZClusterIssuer', 'other.test'), by('w', '', 'other.test')];
    const cluster = withPca([pca('a', 'x')]);
    expect((await read(cluster, lost)).problems).toEqual([
      'error missing-issuer AWSPCAIssuer/a/lost',
      'error missing-issuer Unknown/a/y',
      'error missing-issuer ZClusterIssuer/z',
      'error missing-issuer Issuer/a/w',
    ]);
    const allowMissing = ['AWSPCAIssuer/a/lost', 'Unknown/a/y', 'ZClusterIssuer/z', 'Issuer/a/w'];
    expect((await read(cluster, lost, { allowMissing })).problems.every((p) => p.startsWith('warning'))).toBe(true);
  });

  it('does not take objects of Kubernetes itself, whatever an issuerRef says', async () => {
    const cluster = new MemoryCluster([
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'admin' } },
    ]);
    const found = await read(cluster, [
      by('admin', 'ClusterRole', 'rbac.authorization.k8s.io'),
      by('x', 'Deployment', 'apps'),
    ]);
    expect(found).toEqual({ objects: [], resources: [], problems: ['warning prerequisite', 'warning prerequisite'] });
    expect(cluster.reads).toEqual([]);
  });

  it('names the right that is missing, unless the gap is accepted', async () => {
    const cluster = withPca([pca('a', 'x')]);
    cluster.onRead = (one) => {
      throw forbidden(one);
    };
    await expect(read(cluster, [by('x')])).rejects.toMatchObject({
      code: 'forbidden',
      exitCode: 6,
      message: expect.stringContaining(`list awspcaissuers.${GROUP}`),
    });
    const scoped = { namespaces: ['a'] };
    await expect(read(cluster, [by('x')], scoped)).rejects.toThrow(`list awspcaissuers.${GROUP} in the namespace a`);
    const accepted = await read(cluster, [by('x')], { ...scoped, allowMissing: ['AWSPCAIssuer/a/x'] });
    expect(accepted.problems).toEqual(['warning missing-issuer AWSPCAIssuer/a/x']);
  });

  it('fails where the API that serves the kind is down, unless the gap is accepted', async () => {
    const cluster = withPca([]);
    Object.defineProperty(cluster.paths, `/apis/${GROUP}/v1beta1`, {
      get: () => {
        throw new ApiError({ status: 503, reason: 'ServiceUnavailable', path: `/apis/${GROUP}/v1beta1`, verb: 'get' });
      },
    });
    await expect(read(cluster, [by('x')])).rejects.toMatchObject({ code: 'api-unavailable', exitCode: 6 });
    const accepted = await read(cluster, [by('x')], { allowMissing: ['AWSPCAIssuer/a/x'] });
    expect(accepted.problems).toEqual(['warning missing-issuer AWSPCAIssuer/a/x']);
  });

  it('says what else such an issuer needs, once a kind', async () => {
    const cluster = withPca([pca('a', 'x'), pca('a', 'y')]);
    const options = { namespaces: [], selector: '', allowMissing: [] };
    const found = await readForeignIssuers(cluster, scopeIssuers(stateOf([], [by('x')]), options), options);
    const notes = foreignPrerequisites(found.objects);
    expect(notes).toMatchObject([{ severity: 'note', code: 'prerequisite' }]);
    expect(notes[0]?.fix).toContain(`--include awspcaissuers.${GROUP}`);
  });
});

describe('readIncluded', () => {
  const asked = (plural: string) => [{ plural, group: GROUP }];
  const include = async (cluster: MemoryCluster, plural: string, namespaces: string[]) =>
    (await readIncluded(cluster, asked(plural), namespaces)).objects.map(({ object }) => object.metadata.name);

  it('takes all objects, within the namespaces of the scope where they have any', async () => {
    const dying = pca('a', 'dying');
    dying.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    const cluster = withPca([pca('a', 'x'), pca('b', 'y'), pca('', 'g'), dying]);
    expect(await include(cluster, 'awspcaissuers', [])).toEqual(['x', 'y']);
    expect(await include(cluster, 'awspcaissuers', ['b'])).toEqual(['y']);
    expect(await include(cluster, 'awspcaclusterissuers', ['b'])).toEqual(['g']);
  });

  it('fails on a resource that is not served', async () => {
    await expect(include(withPca([]), 'awspcaissuer', [])).rejects.toMatchObject({ code: 'api-unavailable' });
    await expect(include(new MemoryCluster(), 'awspcaissuers', [])).rejects.toThrow(`awspcaissuers.${GROUP}`);
  });
});
