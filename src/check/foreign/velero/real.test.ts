import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkPaths, errors } from '../../../../test/fixtures/foreign/check.ts';
import { veleroEntries } from '../../../../test/fixtures/foreign/tarball.ts';
import { readVelero } from '../../../archive/velero/read.ts';

/** Tarballs that Velero 1.18.3 itself wrote of a real cluster (test/velero/make.ts); their certificates are valid for a century. */

const FIXTURES = join(import.meta.dirname, '../../../../test/fixtures/foreign');
const NAMESPACES = join(FIXTURES, 'velero-1.18.3-namespaces.tar.gz');
const TUTORIAL = join(FIXTURES, 'velero-1.18.3-tutorial.tar.gz');
const clock = { now: () => new Date('2030-01-01T00:00:00Z') };
const names = (report: Awaited<ReturnType<typeof checkPaths>>) =>
  errors(report).map((p) => `${p.code} ${p.object ?? ''}`);

describe('a tarball by Velero itself', () => {
  it('of two namespaces, without a thought of cert-manager', async () => {
    const report = await checkPaths([NAMESPACES], { clock });
    expect(report).toMatchObject({ exitCode: 4, certManager: 'v1.21.2' });
    expect(names(report)).toEqual([
      'requests-included CertificateRequest/cert-manager/ca-1',
      'requests-included CertificateRequest/shop/api-1',
      'requests-included CertificateRequest/shop/front-tls-1',
      'requests-included CertificateRequest/shop/web-1',
      'webhook-ca-included Secret/cert-manager/cert-manager-webhook-ca',
      'missing-issuer ClusterIssuer/root',
      'missing-issuer ClusterIssuer/ca',
      'crds-left-out ',
      'shim-certificate-included Certificate/shop/front-tls',
    ]);
    // Velero took the CRDs of what it found, and no others.
    expect(report.problems.find((p) => p.code === 'crds-left-out')?.message).toMatch(/^4 of cert-manager's 6 /);
    expect(report.problems.filter((p) => p.severity === 'warning').map((p) => p.code)).toEqual([
      'deployment-before-rbac',
      'status-not-restored',
    ]);
  });

  it('by the command of cert-manager’s tutorial still holds what must not be restored', async () => {
    const report = await checkPaths([TUTORIAL], { clock });
    expect(names(report)).toEqual([
      'webhook-ca-included Secret/cert-manager/cert-manager-webhook-ca',
      'shim-certificate-included Certificate/shop/front-tls',
    ]);
    expect(report.certificates.map((c) => `${c.name} ${c.prediction}`)).toEqual([
      'ca keep',
      'api keep',
      'front-tls keep',
      'web keep',
    ]);
  });

  it.each([NAMESPACES, TUTORIAL])('is laid out as the other tests’ tarballs are: %s', async (path) => {
    const { objects } = await readVelero(path, false, {
      wanted: (r) => /cert-manager\.io$|^secrets$|^ingresses/.test(r),
      keep: (o) => o,
    });
    const listed = new Set(execFileSync('tar', ['-tzf', path], { encoding: 'utf8' }).split('\n'));
    const made = veleroEntries(objects.map(({ object }) => object)).map(({ name }) => name);
    expect(made.length).toBeGreaterThan(20);
    expect(made.filter((name) => !listed.has(name))).toEqual([]);
  });
});
