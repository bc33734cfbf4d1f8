import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../model/objects.ts';
import { planObjects } from './actions.ts';
import { readLive } from './live.ts';
import { certificate, contents, secret } from './testing/fixtures.ts';
import { MemoryCluster } from './testing/memory-cluster.ts';

const live = (...objects: KubeObject[]) => readLive(new MemoryCluster(...objects), { namespaces: new Set(['app']) });
const app: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'app' } };

describe('planObjects', () => {
  it('creates all on an empty cluster: namespace, CA, leaf, issuer, Certificate', async () => {
    const planned = planObjects({ contents: contents('web'), live: await live(), onConflict: 'fail' });
    expect(planned.map((p) => [p.action, p.stage, p.object.metadata.name])).toEqual([
      ['create', 10, 'app'],
      ['create', 30, 'ca'],
      ['create', 30, 'web-tls'],
      ['create', 40, 'ca'],
      ['create', 50, 'web'],
    ]);
    expect(planned.at(-1)?.status).toEqual({ revision: 3 });
  });

  it('never carries owners over, and gives every leaf its fao label', async () => {
    const parts = contents('web');
    const leaf = secret('web-tls');
    leaf.metadata.labels = { 'controller.cert-manager.io/fao': 'false' };
    leaf.metadata.ownerReferences = [
      { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', name: 'web', uid: 'dead' },
    ];
    const certificateWithOwner = certificate('web');
    certificateWithOwner.metadata.ownerReferences = leaf.metadata.ownerReferences;
    const planned = planObjects({
      contents: { ...parts, secrets: [leaf], certificates: [certificateWithOwner] },
      live: await live(),
      onConflict: 'fail',
    });
    for (const { object } of planned) expect(object.metadata).not.toHaveProperty('ownerReferences');
    expect(planned.find((p) => p.object.kind === 'Secret')?.object.metadata.labels).toEqual({
      'controller.cert-manager.io/fao': 'true',
    });
  });

  it('tells equal objects from differing ones', async () => {
    const state = await live(app, secret('ca'), secret('web-tls', { 'tls.crt': 'YQ==', 'tls.key': 'aw==' }));
    const actions = (onConflict: 'fail' | 'keep') =>
      planObjects({ contents: contents('web'), live: state, onConflict }).map((p) => [
        p.object.metadata.name,
        p.action,
      ]);
    expect(actions('fail').slice(0, 3)).toEqual([
      ['app', 'unchanged'],
      ['ca', 'unchanged'],
      ['web-tls', 'conflict'],
    ]);
    expect(actions('keep')[2]).toEqual(['web-tls', 'keep']);
  });

  it('takes an object that is being deleted for a conflict, whatever is to be kept', async () => {
    const dying = secret('web-tls');
    dying.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    const planned = planObjects({ contents: contents('web'), live: await live(app, dying), onConflict: 'keep' });
    expect(planned.find((p) => p.object.metadata.name === 'web-tls')?.action).toBe('conflict');
  });

  it('completes the status of a Certificate that an interrupted run left without', async () => {
    const planned = planObjects({
      contents: contents('web', 'api'),
      live: await live(app, certificate('web'), { ...certificate('api'), status: { revision: 4 } }),
      onConflict: 'fail',
    });
    const of = (name: string) =>
      planned.find((p) => p.object.kind === 'Certificate' && p.object.metadata.name === name);
    expect(of('web')).toMatchObject({ action: 'unchanged', completesStatus: true });
    expect(of('api')).toMatchObject({ action: 'unchanged', completesStatus: false });
  });

  it('leaves derived Certificates to their maker, and restores their Secret with the label', async () => {
    const parts = contents();
    const shimMade = certificate('front', { secretName: 'front' });
    const leaf = secret('front');
    delete leaf.metadata.labels;
    const planned = planObjects({
      contents: { ...parts, derived: [shimMade], secrets: [leaf] },
      live: await live(),
      onConflict: 'fail',
    });
    expect(planned.find((p) => p.object.kind === 'Certificate')?.action).toBe('skip');
    expect(planned.find((p) => p.object.kind === 'Secret')?.object.metadata.labels).toEqual({
      'controller.cert-manager.io/fao': 'true',
    });
  });

  it('never writes kinds of other groups, nor CRDs', async () => {
    const foreign: KubeObject = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'x' },
    };
    const crd: KubeObject = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'certificates.cert-manager.io' },
    };
    const planned = planObjects({
      contents: { ...contents(), namespaces: [], secrets: [], issuers: [foreign], crds: [crd] },
      live: await live(),
      onConflict: 'fail',
    });
    expect(planned.map((p) => p.action)).toEqual(['skip', 'skip']);
    expect(planned.every((p) => p.kind === undefined)).toBe(true);
  });

  it('posts a Secret that something on the target is waiting for, instead of applying it', async () => {
    const fieldsV1 = { 'f:metadata': { 'f:labels': {} }, 'f:data': {}, 'f:type': {} };
    const managedFields = [{ manager: 'cert-manager-certificates-issuing', operation: 'Apply', fieldsV1 }];
    const record = { apiVersion: 'v1', kind: 'Secret', namespace: 'app', name: 'web-tls', managedFields };
    const parts = { ...contents('web'), managedFields: [record] };
    const waiting = planObjects({ contents: parts, live: await live(app, certificate('web')), onConflict: 'fail' });
    const nobody = planObjects({ contents: parts, live: await live(app), onConflict: 'fail' });
    const method = (planned: typeof waiting) => planned.find((p) => p.object.metadata.name === 'web-tls')?.method?.how;
    expect(method(waiting)).toBe('create-then-own');
    expect(method(nobody)).toBe('apply');
  });
});
