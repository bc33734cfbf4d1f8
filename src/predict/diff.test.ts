import { describe, expect, it } from 'vitest';
import { certificateObject } from '../../test/fixtures/backups/contents.ts';
import { hazardDiff } from './diff.ts';

const certificate = certificateObject('app', 'web', { issuerRef: { name: 'ca' } });

describe('hazardDiff', () => {
  it('adds a field where its object is', () =>
    expect(
      hazardDiff(certificate, [{ path: 'spec.privateKey.rotationPolicy', before: undefined, after: 'Never' }]),
    ).toBe(
      `--- Certificate app/web
+++ Certificate app/web
@@ -12,3 +12,4 @@
   privateKey:
     algorithm: ECDSA
     size: 256
+    rotationPolicy: Never`,
    ));

  it('adds the object with it where there is none', () => {
    const bare = { ...certificate, spec: { secretName: 'x', issuerRef: { name: 'ca' } } };
    expect(hazardDiff(bare, [{ path: 'spec.privateKey.rotationPolicy', before: undefined, after: 'Never' }])).toContain(
      '\n+  privateKey:\n+    rotationPolicy: Never',
    );
  });

  it('changes, and takes away', () => {
    expect(hazardDiff(certificate, [{ path: 'spec.secretName', before: 'web-tls', after: 'x' }])).toContain(
      '\n-  secretName: web-tls\n+  secretName: x\n',
    );
    expect(hazardDiff(certificate, [{ path: 'spec.secretName', before: 'web-tls', after: undefined }])).toContain(
      '\n-  secretName: web-tls\n',
    );
  });

  it('is empty where nothing changes, and never shows a password', () => {
    expect(hazardDiff(certificate, undefined)).toBe('');
    expect(hazardDiff(certificate, [{ path: 'spec.secretName', before: 'web-tls', after: 'web-tls' }])).toBe('');
    const jks = {
      ...certificate,
      spec: { keystores: { jks: { create: true, password: 'hunter2' } }, ...certificate.spec },
    };
    const diff = hazardDiff(jks, [{ path: 'spec.keystores.jks.create', before: true, after: false }]);
    expect(diff).toContain('-      create: true');
    expect(diff).not.toContain('hunter2');
  });
});
