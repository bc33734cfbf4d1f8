import { describe, expect, it } from 'vitest';
import type { Certificate, KubeObject } from '../../model/objects.ts';
import { type ShimForecast, shimForecast } from './forecast.ts';

// What a sync does, field by field, is held against cert-manager's own code in test/truth/shim; here is the rest.

const ingress = (
  fields: { annotations?: Record<string, string>; name?: string; uid?: string; tls?: unknown } = {},
): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: {
    name: fields.name ?? 'web',
    namespace: 'a',
    uid: fields.uid ?? 'u1',
    annotations: { 'cert-manager.io/cluster-issuer': 'ca', ...fields.annotations },
  },
  spec: { tls: fields.tls ?? [{ hosts: ['x.example.com'], secretName: 'web-tls' }] },
});

const certificate = (spec: Record<string, unknown> = {}, metadata: Record<string, unknown> = {}): Certificate =>
  ({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: {
      name: 'web-tls',
      namespace: 'a',
      uid: 'c1',
      ownerReferences: [
        { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'web', uid: 'u1', controller: true },
      ],
      ...metadata,
    },
    spec: {
      dnsNames: ['x.example.com'],
      secretName: 'web-tls',
      issuerRef: { name: 'ca', kind: 'ClusterIssuer', group: 'cert-manager.io' },
      usages: ['digital signature', 'key encipherment'],
      ...spec,
    },
    status: { revision: 3 },
  }) as Certificate;

const gateway = (kind: string, name: string, extra: Record<string, unknown>, annotations = {}): KubeObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind,
  metadata: { name, namespace: 'a', uid: `uid-${name}`, annotations },
  spec: {
    listeners: [
      {
        name: 'https',
        hostname: 'x.example.com',
        port: 443,
        protocol: 'HTTPS',
        tls: { certificateRefs: [{ name: 'gw-tls' }] },
      },
    ],
    ...extra,
  },
});

const one = (forecasts: ShimForecast[]): ShimForecast => {
  expect(forecasts).toHaveLength(1);
  return forecasts[0] as ShimForecast;
};
const LATEST = { version: '1.21.2' };

describe('what the shim would do', () => {
  it('keeps a Certificate that is as its Ingress says, whatever else a person has added to it', () => {
    const mine = certificate({ keystores: { jks: { create: true } }, ipAddresses: ['10.0.0.1'] });
    const found = one(shimForecast([ingress()], [mine], LATEST));
    expect(found).toEqual({
      maker: 'Ingress/a/web',
      action: 'keep',
      certificate: mine,
      after: mine,
      changes: [],
      problems: [],
    });
  });

  it('replaces the whole spec where one compared field differs, and says what changes', () => {
    const mine = certificate({ dnsNames: ['old.example.com'], ipAddresses: ['10.0.0.1'], duration: '24h' });
    const found = one(shimForecast([ingress({ annotations: { 'cert-manager.io/duration': '24h' } })], [mine], LATEST));
    expect(found.action).toBe('update');
    expect(found.after?.status).toEqual({ revision: 3 });
    expect(found.after?.metadata.uid).toBe('c1');
    expect(found.changes).toEqual([
      { path: 'spec.dnsNames', before: ['old.example.com'], after: ['x.example.com'] },
      { path: 'spec.ipAddresses', before: ['10.0.0.1'], after: undefined },
    ]);
  });

  it('sees an annotation that was never applied take effect with 1.20', () => {
    const makers = [ingress({ annotations: { 'cert-manager.io/duration': '24h' } })];
    const actions = ['1.18.2', '1.19.6', '1.20.0'].map(
      (version) => one(shimForecast(makers, [certificate()], { version })).action,
    );
    expect(actions).toEqual(['keep', 'keep', 'update']);
  });

  it('takes a maker that was never in a cluster for the owner by kind and name', () => {
    const { metadata, ...rest } = ingress();
    const { uid: _, ...without } = metadata;
    expect(one(shimForecast([{ ...rest, metadata: without }], [certificate()], LATEST)).action).toBe('keep');
    const renamed = { ...rest, metadata: { ...without, name: 'other' } };
    expect(one(shimForecast([renamed], [certificate()], LATEST)).action).toBe('refuse');
  });

  it('says that a Certificate is not its own, or that a part of the object is left out', () => {
    const orphan = certificate({}, { ownerReferences: [] });
    const refused = one(shimForecast([ingress()], [orphan], LATEST));
    expect([refused.action, refused.problems[0]?.code]).toEqual(['refuse', 'maker-ignored']);
    const tls = [{ hosts: ['x.example.com'], secretName: 'web-tls' }, { hosts: ['y.example.com'] }];
    const partly = one(shimForecast([ingress({ tls })], [certificate()], LATEST));
    expect(partly.action).toBe('keep');
    expect(partly.problems[0]?.message).toContain('spec.tls[1]: it has no secretName');
  });

  it('does nothing for objects that ask for nothing, and keeps what an object in error has', () => {
    const silent = { ...ingress(), metadata: { name: 'web', namespace: 'a', uid: 'u1' } };
    expect(shimForecast([silent], [], LATEST)).toEqual([]);
    const wrong = ingress({ annotations: { 'cert-manager.io/usages': 'secret-word' } });
    const found = one(shimForecast([wrong], [certificate({ dnsNames: [] })], LATEST));
    expect(found.action).toBe('idle');
    expect(found.after).toBe(found.certificate);
    expect(found.problems[0]?.message).toContain('cert-manager.io/usages');
    expect(found.problems[0]?.message).not.toContain('secret-word');
  });

  it('fills in what the API server would fill in for a Gateway from a file', () => {
    const found = one(shimForecast([gateway('Gateway', 'gw', {}, { 'cert-manager.io/issuer': 'ca' })], [], LATEST));
    expect(found.action).toBe('create');
    expect(found.after?.metadata.ownerReferences?.[0]).toMatchObject({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
    });
  });

  it('leaves Gateways and ListenerSets alone where their shim does not run, or is not known', () => {
    const makers = [
      gateway('Gateway', 'gw', { listeners: [] }, { 'cert-manager.io/issuer': 'ca' }),
      gateway('ListenerSet', 'set', { parentRef: { name: 'gw' } }),
    ];
    const made = (version: string, flags = {}): (string | undefined)[] =>
      shimForecast(makers, [], { version, flags }).map(({ after }) => after?.metadata.ownerReferences?.[0]?.kind);
    expect(made('1.20.0')).toEqual(['ListenerSet']);
    expect(made('1.19.4')).toEqual([]);
    expect(made('1.21.2', { listenerSets: false })).toEqual([]);
    const istio = { ...(makers[0] as KubeObject), apiVersion: 'networking.istio.io/v1' };
    expect(shimForecast([istio], [], LATEST)).toEqual([]);
  });

  it('is undecided about broken objects only', () => {
    const makers = [ingress({ name: 'broken', uid: 'u2', tls: 'text' }), ingress()];
    const actions = shimForecast(makers, [certificate()], LATEST).map(({ maker, action }) => [maker, action]);
    expect(actions).toEqual([
      ['Ingress/a/broken', 'undecidable'],
      ['Ingress/a/web', 'keep'],
    ]);
    const bad = certificate({ privateKey: { encoding: 8 } });
    const found = one(shimForecast([ingress()], [bad], LATEST));
    expect([found.action, found.after]).toEqual(['undecidable', bad]);
  });

  it('is undecided where two makers want one new Certificate, or others own fields of it', () => {
    const rivals = [ingress(), ingress({ name: 'other', uid: 'u2' })];
    expect(shimForecast(rivals, [], LATEST).map(({ action }) => action)).toEqual(['undecidable', 'undecidable']);
    const applied = { version: '1.21.2', flags: { serverSideApply: true } };
    expect(one(shimForecast([ingress()], [certificate({ dnsNames: [] })], applied)).action).toBe('undecidable');
    expect(one(shimForecast([ingress()], [certificate()], applied)).action).toBe('keep');
  });

  it('refuses a release that it does not know', () => {
    expect(() => shimForecast([], [], { version: '1.10.2' })).toThrow(/older than 1.11/);
  });

  it('needs time in proportion to the number of objects', () => {
    const many = (n: number): number => {
      const tls = (i: number): unknown => [{ hosts: [`x${i}.example.com`], secretName: `tls-${i}` }];
      const makers = Array.from({ length: n }, (_, i) => ingress({ name: `web-${i}`, uid: `u-${i}`, tls: tls(i) }));
      const certificates = makers.map((_, i) =>
        certificate(
          { secretName: `tls-${i}` },
          {
            name: `tls-${i}`,
            ownerReferences: [{ kind: 'Ingress', name: `web-${i}`, uid: `u-${i}`, controller: true }],
          },
        ),
      );
      const before = process.cpuUsage();
      expect(shimForecast(makers, certificates, LATEST).filter(({ action }) => action === 'update')).toHaveLength(n);
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    many(2000);
    // Four times as many; squared it would be sixteen times as long.
    expect(many(24_000) / many(6000)).toBeLessThan(10);
  });
});
