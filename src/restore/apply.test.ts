import { describe, expect, it } from 'vitest';
import { ApiError } from '../cluster/client.ts';
import type { KubeObject } from '../model/objects.ts';
import { silent, systemClock } from '../model/progress.ts';
import { planObjects } from './actions.ts';
import { applyPlan } from './apply.ts';
import { readLive } from './live.ts';
import { contents, secret } from './testing/fixtures.ts';
import { type MemoryCall, MemoryCluster } from './testing/memory-cluster.ts';

async function run(cluster: MemoryCluster, parts = contents('web', 'api'), isSafe = () => true) {
  const live = await readLive(cluster, { namespaces: new Set(['app']) });
  const planned = planObjects({ contents: parts, live, onConflict: 'fail' });
  return { planned, ...(await applyPlan({ cluster, planned, isSafe, clock: systemClock, progress: silent })) };
}
const isWrite = (call: MemoryCall, kind: string) => call.kind === kind && ['create', 'apply'].includes(call.verb);

describe('applyPlan', () => {
  it('writes stage by stage, each read back before the next begins', async () => {
    const cluster = new MemoryCluster();
    const { failure } = await run(cluster);
    expect(failure).toBeUndefined();
    const stages = cluster.calls
      .filter((c) => c.verb !== 'list' || c.object === 'app/' || c.kind === 'Namespace')
      .map((c) => (c.verb === 'list' ? `read ${c.kind}` : `write ${c.kind}`));
    // Of what came after the plan's own reading, each run of equal lines once.
    const order = stages.slice(stages.indexOf('write Namespace')).filter((s, i, all) => s !== all[i - 1]);
    expect(order).toEqual([
      'write Namespace',
      'read Namespace',
      'write Secret',
      'read Secret',
      'write Issuer',
      'read Issuer',
      'write Certificate',
      'read Certificate',
    ]);
  });

  it('writes the status after each Certificate, by patch and without condition where that is safe', async () => {
    const cluster = new MemoryCluster();
    await run(cluster);
    expect(cluster.at('Certificate', 'app', 'web')?.status).toEqual({ revision: 3 });
    const patch = cluster.calls.find((c) => c.subresource === 'status');
    expect(patch?.body).toEqual({ status: { revision: 3 } });
  });

  it('writes the owner of a shared Secret before its neighbours', async () => {
    const cluster = new MemoryCluster();
    const parts = contents('db', 'da');
    const shared = secret('shared');
    shared.metadata.annotations = { 'cert-manager.io/certificate-name': 'da' };
    const share = (c: KubeObject) => ({ ...c, spec: { ...(c.spec as object), secretName: 'shared' } });
    await run(cluster, { ...parts, secrets: [shared], certificates: parts.certificates.map(share) });
    const written = cluster.calls.filter((c) => isWrite(c, 'Certificate')).map((c) => c.object);
    expect(written).toEqual(['app/da', 'app/db']);
  });

  it('asks before it writes the status of a Certificate that may be issuing, and leaves an issuance alone', async () => {
    const cluster = new MemoryCluster();
    cluster.after = (call) => {
      const object = isWrite(call, 'Certificate') ? cluster.at('Certificate', 'app', 'web') : undefined;
      if (object === undefined || call.object !== 'app/web') return;
      object.status = { conditions: [{ type: 'Issuing', status: 'True' }] };
      object.metadata.resourceVersion = '999999';
    };
    const { failure, written } = await run(cluster, contents('web', 'api'), () => false);
    expect(failure).toBeUndefined();
    expect(cluster.at('Certificate', 'app', 'web')?.status).toEqual({
      conditions: [{ type: 'Issuing', status: 'True' }],
    });
    expect(written.get('Certificate/app/web')?.note).toMatch(/issuing already/);
    expect(cluster.at('Certificate', 'app', 'api')?.status).toEqual({ revision: 3 });
  });

  it('tries a conditional status write again when the controller wrote in between', async () => {
    const cluster = new MemoryCluster();
    cluster.after = (call) => {
      const object = isWrite(call, 'Certificate') ? cluster.at('Certificate', 'app', 'web') : undefined;
      if (object === undefined || call.object !== 'app/web') return;
      object.status = { conditions: [{ type: 'Ready', status: 'True' }] };
      object.metadata.resourceVersion = '999999';
    };
    const { failure } = await run(cluster, contents('web'), () => false);
    expect(failure).toBeUndefined();
    expect(cluster.at('Certificate', 'app', 'web')?.status).toMatchObject({ revision: 3 });
  });

  it('stops at the first refusal, says what was written, and goes on from there', async () => {
    const cluster = new MemoryCluster();
    cluster.before = (call) => {
      if (isWrite(call, 'Issuer')) {
        throw new ApiError({ status: 422, reason: 'Invalid', verb: 'create', path: '/issuers', message: 'no' });
      }
    };
    const first = await run(cluster);
    expect(first.failure?.code).toBe('write-refused');
    expect([...first.written.keys()]).toContain('Secret/app/web-tls');
    expect(cluster.at('Certificate', 'app', 'web')).toBeUndefined();

    cluster.before = () => {};
    cluster.calls.length = 0;
    const second = await run(cluster);
    expect(second.failure).toBeUndefined();
    expect(cluster.writes().filter((w) => w.includes('Secret'))).toEqual([]);
    expect(cluster.at('Certificate', 'app', 'web')?.status).toEqual({ revision: 3 });
  });

  it('notices an object that is gone or replaced when it is read back, and begins no further stage', async () => {
    for (const meddle of [
      (cluster: MemoryCluster) => cluster.remove('Secret', 'app', 'web-tls'),
      (cluster: MemoryCluster) => void cluster.put(secret('web-tls')),
      (cluster: MemoryCluster) => {
        const object = cluster.at('Secret', 'app', 'web-tls');
        if (object !== undefined) object.data = { 'tls.crt': 'eA==' };
      },
    ]) {
      const cluster = new MemoryCluster();
      cluster.before = (call) => {
        if (call.verb === 'list' && call.kind === 'Secret') meddle(cluster);
      };
      const live = await readLive(new MemoryCluster(), { namespaces: new Set(['app']) });
      const planned = planObjects({ contents: contents('web'), live, onConflict: 'fail' });
      const { failure } = await applyPlan({
        cluster,
        planned,
        isSafe: () => true,
        clock: systemClock,
        progress: silent,
      });
      expect(failure?.code).toBe('cluster-changed');
      expect(cluster.calls.some((c) => isWrite(c, 'Certificate'))).toBe(false);
    }
  });

  it('does not overwrite an object that appeared after the plan', async () => {
    const parts = contents('web');
    const owner = [{ manager: 'kubectl', operation: 'Update', fieldsV1: {} }];
    const managedFields = [...parts.secrets, ...parts.certificates].map(({ apiVersion, kind, metadata }) => ({
      apiVersion,
      kind,
      namespace: 'app',
      name: metadata.name,
      managedFields: owner,
    }));
    const cluster = new MemoryCluster();
    const live = await readLive(cluster, { namespaces: new Set(['app']) });
    const planned = planObjects({ contents: { ...parts, managedFields }, live, onConflict: 'fail' });
    const theirs = secret('web-tls', { 'tls.crt': 'eA==', 'tls.key': 'eQ==' });
    cluster.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'app' } });
    cluster.put(theirs);
    const { failure } = await applyPlan({ cluster, planned, isSafe: () => true, clock: systemClock, progress: silent });
    expect(failure?.code).toBe('cluster-changed');
    expect(cluster.at('Secret', 'app', 'web-tls')?.data).toEqual(theirs.data);
  });

  it('notices that a server-side apply met an object that appeared after the plan', async () => {
    const parts = contents('web');
    const fieldsV1 = { 'f:metadata': { 'f:labels': {} }, 'f:data': {}, 'f:type': {} };
    const managedFields = [{ manager: 'cert-manager-certificates-issuing', operation: 'Apply', fieldsV1 }];
    const record = { apiVersion: 'v1', kind: 'Secret', namespace: 'app', name: 'web-tls', managedFields };
    const cluster = new MemoryCluster();
    cluster.before = (call) => {
      if (call.verb === 'apply') cluster.put(secret('web-tls', { 'tls.crt': 'eA==', 'tls.key': 'eQ==' }));
    };
    const { failure } = await run(cluster, { ...parts, managedFields: [record] });
    expect(failure?.code).toBe('cluster-changed');
    expect(cluster.at('Certificate', 'app', 'web')).toBeUndefined();
  });

  it('takes an equal object that appeared after the plan as it is', async () => {
    const parts = contents('web');
    const cluster = new MemoryCluster();
    const live = await readLive(cluster, { namespaces: new Set(['app']) });
    const planned = planObjects({ contents: parts, live, onConflict: 'fail' });
    for (const item of planned) if (item.method) item.method = { how: 'create', manager: 'x' };
    cluster.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'app' } });
    const { failure, written } = await applyPlan({
      cluster,
      planned,
      isSafe: () => true,
      clock: systemClock,
      progress: silent,
    });
    expect(failure).toBeUndefined();
    expect(written.get('Namespace/app')?.created).toBe(false);
    expect(written.get('Secret/app/web-tls')?.created).toBe(true);
  });

  it('gives several managers back in a second call', async () => {
    const parts = contents('web');
    const managedFields = [
      { manager: 'cert-manager-certificates-issuing', operation: 'Apply', fieldsV1: { 'f:data': {} } },
      { manager: 'kubectl-annotate', operation: 'Update', fieldsV1: {} },
    ];
    const record = { apiVersion: 'v1', kind: 'Secret', namespace: 'app', name: 'web-tls', managedFields };
    const cluster = new MemoryCluster();
    const { failure } = await run(cluster, { ...parts, managedFields: [record] });
    expect(failure).toBeUndefined();
    expect(cluster.at('Secret', 'app', 'web-tls')?.metadata.managedFields).toEqual(managedFields);
  });
});
