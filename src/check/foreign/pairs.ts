import { objectName, refName } from '../../model/objects.ts';
import type { Problem } from '../../model/problems.ts';
import { referencesOf } from '../../refs/closure.ts';
import { factsOf } from '../pairs.ts';
import { leafSecretName } from '../subject.ts';
import type { Foreign } from './foreign.ts';

/** Keys that do not belong to the certificate beside them, certificates that have expired or are cert-manager's temporary ones. */
export function pairs(foreign: Foreign): Problem[] {
  const named = new Set(
    foreign.issuers.flatMap(({ object }) =>
      referencesOf(object, foreign.clusterResourceNamespace.name).map((r) => refName(r.kind, r.namespace, r.name)),
    ),
  );
  const owners = new Map(foreign.certificates.map(({ object }) => [leafSecretName(object), objectName(object)]));
  return [...foreign.secrets].flatMap(([name, { object }]): Problem[] => {
    // Other TLS Secrets are none of cert-manager's.
    if (!owners.has(name) && !named.has(name)) return [];
    if (object.data?.['tls.crt'] === undefined) return [];
    const { leaf, fits, notAfter, isTemporary } = factsOf(object);
    if (isTemporary) return [temporary(owners.get(name) ?? name)];
    if (leaf === null) return [];
    return [
      ...(fits === false ? [mismatch(name)] : []),
      ...(Date.parse(notAfter) <= foreign.now.getTime() ? [expired(name, notAfter)] : []),
    ];
  });
}

function mismatch(object: string): Problem {
  return {
    severity: 'error',
    code: 'key-mismatch',
    message:
      'The private key in it does not belong to the certificate beside it: whoever uses it cannot serve TLS, and cert-manager issues anew (InvalidKeyPair).',
    fix: 'Mend it at the source and export it again, or take an older backup.',
    object,
  };
}

function temporary(object: string): Problem {
  return {
    severity: 'error',
    code: 'temporary-certificate',
    message:
      "Its Secret holds cert-manager's temporary self-signed certificate and not an issued one. After a restore it may pass for the real one until it expires.",
    fix: 'Export again once the Certificate is Ready.',
    object,
  };
}

function expired(object: string, notAfter: string): Problem {
  return {
    severity: 'warning',
    code: 'renewal-due',
    message: `The certificate in it expired at ${notAfter}: whatever restores it, it is renewed at once.`,
    fix: 'This is an ordinary renewal; a newer backup has newer certificates.',
    object,
  };
}
