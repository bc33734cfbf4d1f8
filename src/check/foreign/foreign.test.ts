import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { certificateObject, clusterIssuer, secretObject } from '../../../test/fixtures/backups/contents.ts';
import { makePair } from '../../../test/fixtures/backups/x509.ts';
import { about, checkText as check, checkPaths, errors } from '../../../test/fixtures/foreign/check.ts';
import {
  acme,
  asTutorial,
  type Export,
  ingress,
  inOrder,
  leaf,
  list,
  ownedBy,
  request,
  soundExport,
} from '../../../test/fixtures/foreign/export.ts';
import { temporaryDirectory } from '../../../test/support/temporary.ts';
import { FAO_LABEL, NEXT_PRIVATE_KEY_LABEL } from '../../model/kinds.ts';
import type { KubeObject } from '../../model/objects.ts';
import type { ProblemCode } from '../../model/problems.ts';

/** A cluster's export with one thing done to it. */
const altered = (alter: (e: Export) => KubeObject[]): string => list(asTutorial(alter(soundExport())));

describe('a kubectl export', () => {
  it('of Secrets, issuers and Certificates in that order is sound', async () => {
    const report = await check(altered(inOrder));
    expect(errors(report)).toEqual([]);
    expect(report).toMatchObject({ command: 'check', exitCode: 0, verdict: 'sound' });
    expect(report.certificates.map((c) => `${c.namespace}/${c.name} ${c.prediction}`)).toEqual([
      'cert-manager/ca keep',
      'shop/web keep',
    ]);
  });

  interface Case {
    name: string;
    text: () => string;
    code: ProblemCode;
    object: string;
    exitCode: number;
    says?: RegExp;
  }

  const cases: Case[] = [
    {
      name: 'a CertificateRequest',
      text: () => altered((e) => [...inOrder(e), request('shop', 'web-1')]),
      code: 'requests-included',
      object: 'CertificateRequest/shop/web-1',
      exitCode: 4,
      says: /already exists/,
    },
    {
      name: 'an Order',
      text: () => altered((e) => [...inOrder(e), acme('Order', 'web-1-1')]),
      code: 'requests-included',
      object: 'Order/shop/web-1-1',
      exitCode: 4,
    },
    {
      name: 'a Challenge',
      text: () => altered((e) => [...inOrder(e), acme('Challenge', 'web-1-1-1')]),
      code: 'requests-included',
      object: 'Challenge/shop/web-1-1-1',
      exitCode: 4,
      says: /finalizer/,
    },
    {
      name: "the webhook's CA",
      text: () =>
        altered((e) => [secretObject('cert-manager', 'cert-manager-webhook-ca', { 'tls.key': '' }), ...inOrder(e)]),
      code: 'webhook-ca-included',
      object: 'Secret/cert-manager/cert-manager-webhook-ca',
      exitCode: 4,
      says: /x509/,
    },
    {
      name: 'the key of an issuance under way',
      text: () =>
        altered((e) => [
          secretObject(
            'shop',
            'web-x7k2p',
            {},
            { metadata: { name: 'web-x7k2p', labels: { [NEXT_PRIVATE_KEY_LABEL]: 'true' } } },
          ),
          ...inOrder(e),
        ]),
      code: 'temporary-key-included',
      object: 'Secret/shop/web-x7k2p',
      exitCode: 4,
    },
    {
      name: 'a Certificate that an Ingress made',
      text: () =>
        altered((e) => {
          const { certificate, secret } = leaf('shop', 'front-tls');
          certificate.metadata.ownerReferences = ownedBy(ingress()) ?? [];
          return [secret, ...inOrder(e), certificate];
        }),
      code: 'stale-owner',
      object: 'Certificate/shop/front-tls',
      exitCode: 4,
      says: /Ingress front .* garbage collector/,
    },
    {
      name: 'an owner whose uid was taken off',
      text: () =>
        altered((e) => {
          const { certificate, secret } = leaf('shop', 'front-tls');
          certificate.metadata.ownerReferences =
            ownedBy(ingress())?.map(({ uid: _, ...owner }) => owner as never) ?? [];
          return [secret, ...inOrder(e), certificate];
        }),
      code: 'stale-owner',
      object: 'Certificate/shop/front-tls',
      exitCode: 4,
      says: /nothing at all is restored/,
    },
    {
      name: 'a Secret owned by its Certificate',
      text: () =>
        altered((e) => {
          const [certificate] = e.certificates;
          for (const secret of e.secrets.slice(0, 1))
            secret.metadata.ownerReferences = ownedBy(certificate as KubeObject) ?? [];
          return inOrder(e);
        }),
      code: 'stale-owner',
      object: 'Secret/cert-manager/ca-tls',
      exitCode: 4,
    },
    ...[
      'cert-manager.io/v1alpha2',
      'cert-manager.io/v1alpha3',
      'cert-manager.io/v1beta1',
      'certmanager.k8s.io/v1alpha1',
    ].map(
      (apiVersion): Case => ({
        name: `an object of ${apiVersion}`,
        text: () => altered((e) => [...inOrder(e), { ...clusterIssuer('old', { selfSigned: {} }), apiVersion }]),
        code: 'old-api-version',
        object: 'ClusterIssuer/old',
        exitCode: 4,
      }),
    ),
    {
      name: 'a key of another certificate',
      text: () =>
        altered((e) => {
          for (const secret of e.secrets.slice(1, 2))
            (secret.data as Record<string, string>)['tls.key'] = makePair().key;
          return inOrder(e);
        }),
      code: 'key-mismatch',
      object: 'Secret/shop/web-tls',
      exitCode: 4,
    },
    {
      name: 'a temporary certificate',
      text: () =>
        altered((e) => {
          const pair = makePair({
            subjectSerial: '1234567890',
            issuerName: 'cert-manager.local',
            dnsNames: ['web.example.com'],
          });
          for (const secret of e.secrets.slice(1, 2))
            Object.assign(secret.data as object, { 'tls.crt': pair.crt, 'tls.key': pair.key });
          return inOrder(e);
        }),
      code: 'temporary-certificate',
      object: 'Certificate/shop/web',
      exitCode: 6,
    },
    {
      name: "an issuer's Secret that is missing",
      text: () => altered((e) => inOrder({ ...e, secrets: e.secrets.filter((s) => s.metadata.name !== 'account') })),
      code: 'missing-secret',
      object: 'Secret/shop/account',
      exitCode: 6,
      says: /Issuer\/shop\/letsencrypt:spec.acme.privateKeySecretRef names it.*new ACME account/,
    },
    {
      name: 'an issuer that is missing',
      text: () => altered((e) => inOrder({ ...e, issuers: e.issuers.filter((i) => i.metadata.name !== 'ca') })),
      code: 'missing-issuer',
      object: 'ClusterIssuer/ca',
      exitCode: 6,
    },
    {
      name: 'a Secret without its annotations',
      text: () =>
        altered((e) => {
          for (const secret of e.secrets) delete secret.metadata.annotations;
          return inOrder(e);
        }),
      code: 'would-be-reissued',
      object: 'Certificate/shop/web',
      exitCode: 3,
      says: /IncorrectIssuer/,
    },
    {
      name: 'a Certificate before its Secret',
      text: () => altered((e) => [...e.namespaces, ...e.issuers, ...e.certificates, ...e.secrets]),
      code: 'restore-order',
      object: 'Certificate/shop/web',
      exitCode: 3,
      says: /DoesNotExist/,
    },
    {
      name: 'an ACME issuer before its account key',
      text: () => altered((e) => [...e.namespaces, ...e.issuers, ...e.secrets, ...e.certificates]),
      code: 'restore-order',
      object: 'Issuer/shop/letsencrypt',
      exitCode: 3,
      says: /new ACME account/,
    },
    {
      name: 'an Ingress before the Secret of its Certificate',
      text: () =>
        altered((e) => {
          const { secret } = leaf('shop', 'front-tls');
          secret.metadata.name = 'front-tls';
          return [ingress(), ...inOrder(e), secret];
        }),
      code: 'restore-order',
      object: 'Ingress/shop/front',
      exitCode: 3,
    },
    {
      name: 'an object that stands twice and differs',
      text: () =>
        altered((e) => [...inOrder(e), { ...clusterIssuer('ca', { selfSigned: {} }), metadata: { name: 'ca' } }]),
      code: 'bad-manifest',
      object: 'ClusterIssuer/ca',
      exitCode: 4,
    },
    {
      name: 'a Certificate that is malformed',
      text: () =>
        altered((e) => [...inOrder(e), certificateObject('shop', 'odd', { dnsNames: 'odd.example.com' as never })]),
      code: 'bad-manifest',
      object: 'Certificate/shop/odd',
      exitCode: 4,
    },
  ];

  it.each(cases)('with $name: $code, exit $exitCode', async ({ text, code, object, exitCode, says }) => {
    const report = await check(text());
    const found = report.problems.find((p) => p.code === code && p.object === object);
    expect(found, JSON.stringify(report.problems, null, 1)).toMatchObject({ severity: 'error' });
    expect(found?.message).toMatch(says ?? /./);
    expect(found?.fix).not.toBe('');
    expect(report).toMatchObject({ exitCode, verdict: 'unsound' });
  });

  it('without any Secret: everything is reissued, and the issuers’ Secrets are named one by one', async () => {
    const report = await check(altered((e) => inOrder({ ...e, secrets: [] })));
    expect(report.exitCode).toBe(6);
    expect(errors(report).map((p) => `${p.code} ${p.object ?? ''}`)).toEqual([
      'secrets-not-captured ',
      'missing-secret Secret/cert-manager/ca-tls',
      'missing-secret Secret/shop/account',
      'would-be-reissued Certificate/cert-manager/ca',
      'would-be-reissued Certificate/shop/web',
    ]);
  });

  it('has all findings in one run, the gravest decides', async () => {
    const report = await check(altered((e) => [...e.certificates, request('shop', 'web-1'), ...e.issuers]));
    expect(report.exitCode).toBe(4);
    const codes = new Set(errors(report).map((p) => p.code));
    expect([...codes]).toEqual(['requests-included', 'secrets-not-captured', 'missing-secret', 'would-be-reissued']);
  });

  it('accepts what --allow-missing names', async () => {
    const text = altered((e) => inOrder({ ...e, secrets: e.secrets.filter((s) => s.metadata.name !== 'account') }));
    const report = await check(text, { allowMissing: ['Secret/shop/account'] });
    expect(about(report, 'Secret/shop/account')).toEqual(['warning missing-secret']);
    expect(report.exitCode).toBe(0);
  });

  it('does not miss the key of an ACME account that was never registered', async () => {
    const text = altered((e) => {
      const [, , acmeIssuer] = e.issuers;
      (acmeIssuer as KubeObject).status = { conditions: [{ type: 'Ready', status: 'False' }] };
      return inOrder({ ...e, secrets: e.secrets.filter((s) => s.metadata.name !== 'account') });
    });
    const report = await check(text);
    expect(about(report, 'Secret/shop/account')).toEqual(['note missing-secret']);
    expect(report.exitCode).toBe(0);
  });

  it('names an expired certificate, which renews whatever is done', async () => {
    const { certificate, secret } = leaf('shop', 'late', { notAfter: new Date('2026-05-01T00:00:00Z') });
    const report = await check(
      altered((e) => [...e.namespaces, secret, ...inOrder({ ...e, namespaces: [] }), certificate]),
    );
    expect(about(report, 'Secret/shop/late-tls')).toEqual(['warning renewal-due']);
    expect(about(report, 'Certificate/shop/late')).toEqual(['warning renewal-due']);
    expect(report.exitCode).toBe(0);
  });

  it('says that a Certificate had not been issued at the source either', async () => {
    const pending = certificateObject('shop', 'pending');
    pending.status = { conditions: [{ type: 'Ready', status: 'False' }] };
    const report = await check(altered((e) => [...inOrder(e), pending]));
    expect(about(report, 'Certificate/shop/pending')).toEqual(['warning certificate-in-issuance']);
    expect(report.exitCode).toBe(0);
  });

  it('as kubectl prints it carries fields of its cluster', async () => {
    const report = await check(list(inOrder(soundExport())));
    expect(report.problems.map((p) => `${p.severity} ${p.code}`)).toContain('warning cluster-metadata');
    expect((await check(altered(inOrder))).problems.map((p) => p.code)).not.toContain('cluster-metadata');
  });

  it('reads the version and the namespace of Secrets from cert-manager’s own Deployment', async () => {
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace: 'pki', name: 'cert-manager' },
      spec: {
        template: {
          spec: {
            containers: [
              {
                name: 'cert-manager-controller',
                image: 'quay.io/jetstack/cert-manager-controller:v1.18.2',
                args: ['--cluster-resource-namespace=$(POD_NAMESPACE)'],
              },
            ],
          },
        },
      },
    };
    const report = await check(altered((e) => [...inOrder(e), deployment]));
    expect(report.certManager).toBe('v1.18.2');
    expect(about(report, 'Secret/pki/ca-tls')).toEqual(['error missing-secret']);
    const told = await check(
      altered((e) => [...inOrder(e), deployment]),
      { clusterResourceNamespace: 'cert-manager' },
    );
    expect(told.exitCode).toBe(0);
  });

  it('takes stringData for what the API server makes of it', async () => {
    const text = altered((e) => {
      for (const secret of e.secrets.slice(1, 2)) {
        const data = secret.data as Record<string, string>;
        secret.stringData = Object.fromEntries(
          Object.entries(data).map(([k, v]) => [k, Buffer.from(v, 'base64').toString()]),
        );
        delete secret.data;
      }
      return inOrder(e);
    });
    expect((await check(text)).exitCode).toBe(0);
  });

  it('never puts a key into a report', async () => {
    const e = soundExport();
    const data = (e.secrets[1] as KubeObject).data as Record<string, string>;
    const key = data['tls.key'] ?? '';
    const report = await check(list([...inOrder(e), { ...(e.secrets[1] as KubeObject), data: { 'tls.key': 7 } }]));
    expect(report.exitCode).toBe(4);
    expect(JSON.stringify(report)).not.toContain(key.slice(0, 40));
  });

  it('with nothing of cert-manager in it is not called sound', async () => {
    const report = await check(list([secretObject('shop', 'database', {})]));
    expect(report.exitCode).toBe(6);
    expect(errors(report).map((p) => p.code)).toEqual(['nothing-found']);
  });

  it('shares a Secret between two Certificates', async () => {
    const other = certificateObject('shop', 'other', { secretName: 'web-tls' });
    const report = await check(altered((e) => [...inOrder(e), other]));
    expect(about(report, 'Secret/shop/web-tls')).toEqual(['warning shared-secret']);
  });

  it('without the label that cert-manager’s cache asks for is judged as the controller would', async () => {
    const { certificate, secret } = leaf('shop', 'hidden');
    secret.metadata.labels = { [FAO_LABEL]: 'false' };
    const report = await check(
      altered((e) => [...e.namespaces, secret, ...inOrder({ ...e, namespaces: [] }), certificate]),
    );
    expect(about(report, 'Certificate/shop/hidden')).toEqual(['error would-be-reissued']);
    delete secret.metadata.labels;
    const late = await check(
      altered((e) => [...e.namespaces, secret, ...inOrder({ ...e, namespaces: [] }), certificate]),
    );
    expect(about(late, 'Certificate/shop/hidden')).toEqual(['warning would-be-reissued']);
  });
});

describe('changed bytes', () => {
  /** A small generator with a seed (mulberry32), so that a failure can be had again. */
  function random(seed: number): () => number {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  it('never end in anything but a report', async () => {
    const text = Buffer.from(altered((e) => [...inOrder(e), request('shop', 'web-1')]));
    const next = random(7);
    for (let i = 0; i < 300; i += 1) {
      const copy = Buffer.from(text);
      for (let n = 0; n < 3; n += 1) copy[Math.floor(next() * copy.length)] = Math.floor(next() * 256);
      const cut = next() < 0.2 ? copy.subarray(0, Math.floor(next() * copy.length)) : copy;
      const report = await check(cut.toString('latin1'));
      expect(report.command, `change ${i}`).toBe('check');
      expect(
        report.problems.map((p) => p.code),
        `change ${i}`,
      ).not.toContain('unexpected-error');
    }
  });

  it('of shapes neither', async () => {
    const next = random(11);
    const odd = [null, 7, 'x', [], {}, [null], { a: 1 }, true];
    for (let i = 0; i < 400; i += 1) {
      const objects = JSON.parse(altered((e) => [ingress(), ...inOrder(e)])) as { items: KubeObject[] };
      const object = objects.items[Math.floor(next() * objects.items.length)] as unknown as Record<string, unknown>;
      let place = object;
      for (let depth = 0; depth < 6; depth += 1) {
        const keys = Object.keys(place);
        const key = keys[Math.floor(next() * keys.length)] ?? 'spec';
        const inner = place[key];
        if (typeof inner === 'object' && inner !== null && next() < 0.7) place = inner as Record<string, unknown>;
        else {
          place[key] = odd[Math.floor(next() * odd.length)];
          break;
        }
      }
      const report = await check(JSON.stringify(objects));
      expect(report.command, JSON.stringify(object)).toBe('check');
    }
  });
});

describe('what a path is', () => {
  const directory = temporaryDirectory('foreign');
  const file = (name: string, text: string) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const at = (...paths: string[]) => checkPaths(paths);

  it('takes several files and directories together', async () => {
    const e = soundExport();
    const report = await at(
      file('1.json', list(asTutorial([...e.namespaces, ...e.secrets]))),
      file('2.json', list(asTutorial([...e.issuers, ...e.certificates]))),
    );
    expect(report).toMatchObject({ exitCode: 0, certificates: [{ name: 'ca' }, { name: 'web' }] });
  });

  it('takes a path that is not there, and an empty directory, for a backup of ours', async () => {
    expect(await at(join(directory, 'nothing'))).toMatchObject({ exitCode: 4, problems: [{ code: 'no-backup' }] });
    expect(await at(temporaryDirectory('empty'))).toMatchObject({ exitCode: 4, problems: [{ code: 'no-backup' }] });
  });

  it('refuses a backup beside manifests', async () => {
    await expect(at(file('3.json', list([])), join(directory, 'nothing'))).rejects.toMatchObject({
      code: 'wrong-usage',
    });
  });

  it('refuses a root digest for what has none', async () => {
    const path = file('4.json', list(inOrder(soundExport())));
    await expect(checkPaths([path], { expectRoot: `sha256:${'0'.repeat(64)}` })).rejects.toMatchObject({
      code: 'wrong-usage',
    });
  });

  it('names file and line of what is broken, and judges the rest', async () => {
    const path = file('5.yaml', 'apiVersion: v1\nkind: Secret\nmetadata: {name: [}\n');
    const report = await at(path, file('6.json', altered(inOrder)));
    expect(report.exitCode).toBe(4);
    expect(report.problems[0]).toMatchObject({ code: 'bad-manifest' });
    expect(report.problems[0]?.message).toContain('5.yaml line');
    expect(report.certificates).toHaveLength(2);
  });
});
