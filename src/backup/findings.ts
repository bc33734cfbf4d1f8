import { inlineCredentials } from '../archive/inline.ts';
import { isTemporaryCertificate } from '../archive/x509.ts';
import { collisionProblems } from '../check/collisions.ts';
import type { IndexEntry } from '../model/backup.ts';
import { type Certificate, type KubeObject, objectName, refName } from '../model/objects.ts';
import type { Problem } from '../model/problems.ts';
import type { Reference } from '../refs/closure.ts';
import { foreignOwner, shimOwner } from './owners.ts';
import type { IssuerScope } from './scope.ts';
import { type ClusterState, keyOf, secretOf } from './state.ts';
import { some } from './words.ts';

/** What is wrong with, or worth knowing of, the Certificates as they were read. */
export function certificateFindings(state: ClusterState): Problem[] {
  return [
    ...unsettledProblems(state),
    ...temporaryProblems(state),
    ...sharedSecretProblems(state.certificates),
    ...ownerProblems(state.certificates),
    ...collisionProblems(state.certificates, state.requests, ({ status }) => status?.revision),
  ];
}

function unsettledProblems(state: ClusterState): Problem[] {
  return state.certificates.flatMap((certificate): Problem[] => {
    const how = state.unsettled.get(keyOf(certificate.metadata.namespace, certificate.metadata.name));
    const object = objectName(certificate);
    if (how === 'changing') {
      return [
        {
          severity: 'error',
          code: 'changed-while-reading',
          message: `${object} changed each time it was read, so its spec and its Secret may be of different moments. Perhaps another controller keeps overwriting it, or it is issued again and again.`,
          fix: 'Find out who writes it (`kubectl describe certificate`), or try again with --wait.',
          object,
        },
      ];
    }
    if (how !== 'issuing') return [];
    return [
      {
        severity: 'warning',
        code: 'certificate-in-issuance',
        message: `${object} is in the middle of an issuance. The backup has it as it was before; the issuance itself is not carried over.`,
        fix: 'Back up again once it is done; --wait waits for it, up to --timeout.',
        object,
      },
    ];
  });
}

/** A restore would let the stand-in pass for the real certificate. */
function temporaryProblems(state: ClusterState): Problem[] {
  return state.certificates.flatMap((certificate): Problem[] => {
    const { namespace = '' } = certificate.metadata;
    const secret = secretOf(state, namespace, certificate.spec.secretName);
    if (secret === undefined || secret === 'not-read' || !isTemporaryCertificate(secret.data?.['tls.crt'])) return [];
    const object = objectName(certificate);
    return [
      {
        severity: 'warning',
        code: 'temporary-certificate',
        message: `The Secret of ${object} holds cert-manager’s temporary self-signed certificate, not an issued one. Restored elsewhere it may be taken for the real one.`,
        fix: 'Back up again once the Certificate is Ready; --wait waits for issuances in progress.',
        object,
      },
    ];
  });
}

function sharedSecretProblems(certificates: readonly Certificate[]): Problem[] {
  const sharers = new Map<string, Certificate[]>();
  for (const certificate of certificates) {
    const key = keyOf(certificate.metadata.namespace, certificate.spec.secretName);
    sharers.set(key, [...(sharers.get(key) ?? []), certificate]);
  }
  return [...sharers.values()].flatMap((group): Problem[] => {
    const [first] = group;
    if (first === undefined || group.length < 2) return [];
    const object = refName('Secret', first.metadata.namespace, first.spec.secretName);
    return [
      {
        severity: 'warning',
        code: 'shared-secret',
        message: `${group.length} Certificates write the same ${object}: ${group.map((c) => c.metadata.name).join(', ')}. Only one of them can be kept Ready.`,
        fix: 'Give each Certificate its own spec.secretName.',
        object,
      },
    ];
  });
}

function ownerProblems(certificates: readonly Certificate[]): Problem[] {
  const derived = certificates.filter((certificate) => shimOwner(certificate) !== undefined);
  const problems: Problem[] = [];
  if (derived.length > 0) {
    problems.push({
      severity: 'note',
      code: 'made-by-another-object',
      message: `${derived.length === 1 ? 'One Certificate is' : `${derived.length} Certificates are`} made by cert-manager from an Ingress, Gateway or ListenerSet. Their Secrets are in the backup; they themselves are recorded under derived/ and made anew from those objects.`,
      fix: 'Restore the Ingresses, Gateways and ListenerSets after this backup, by your usual means.',
    });
  }
  for (const certificate of certificates) {
    const owner = foreignOwner(certificate);
    if (owner === undefined) continue;
    const object = objectName(certificate);
    problems.push({
      severity: 'note',
      code: 'made-by-another-object',
      message: `${object} is made by ${owner.kind} ${owner.name} (${owner.apiVersion}). It is captured and restored without its owner; the maker may refuse to take it over.`,
      fix: 'Restore the maker too, and check afterwards who owns the Certificate.',
      object,
    });
  }
  return problems;
}

/** With a baseline of requests: Certificates of which there is nothing to compare. */
export function requestFindings(index: readonly IndexEntry[]): Problem[] {
  const names = index
    .filter(({ baseline }) => baseline !== undefined && baseline.leaf === null)
    .map(({ kind, namespace, name }) => refName(kind, namespace, name));
  if (names.length === 0) return [];
  return [
    {
      severity: 'warning',
      code: 'unproven',
      message: `${some(names)} ${names.length === 1 ? 'has' : 'have'} no current CertificateRequest with a certificate, and Secrets are not read: verify will call ${names.length === 1 ? 'it' : 'them'} unproven.`,
      fix: 'Leave out --baseline requests to take the certificates from the Secrets.',
    },
  ];
}

/** Issuers of cert-manager's own that Certificates name and that are absent. */
export function issuerFindings(scope: IssuerScope, allowMissing: readonly string[]): Problem[] {
  const problems = [...scope.missing].map(([issuer, certificates]): Problem => {
    const accepted = allowMissing.includes(issuer);
    return {
      severity: accepted ? 'warning' : 'error',
      code: 'missing-issuer',
      message: `${some(certificates)} name${certificates.length === 1 ? 's' : ''} ${issuer} in spec.issuerRef, which does not exist${accepted ? ' (accepted by --allow-missing)' : ''}: no renewal is possible, here or after a restore.`,
      fix: `Create the issuer, correct the Certificate, or accept the gap with --allow-missing ${issuer}.`,
      object: issuer,
    };
  });
  return problems;
}

/**
 * Secrets that their Certificates own (`--enable-certificate-owner-ref`). Uninstalling cert-manager with its CRDs deletes
 * the Certificates, and the garbage collector these Secrets with them, within a second.
 */
export function ownedSecretProblems(state: ClusterState, flag: boolean): Problem[] {
  const owned = state.certificates.filter(({ metadata, spec }) => {
    const secret = secretOf(state, metadata.namespace ?? '', spec.secretName);
    if (secret === undefined || secret === 'not-read') return false;
    return secret.metadata.ownerReferences?.some((owner) => owner.uid === metadata.uid) === true;
  });
  if (owned.length === 0 && !flag) return [];
  const who =
    owned.length === 0
      ? 'The controller runs with --enable-certificate-owner-ref: it makes Certificates the owners of their Secrets.'
      : `${owned.length === 1 ? 'One Certificate owns its Secret' : `${owned.length} Certificates own their Secrets`} (--enable-certificate-owner-ref).`;
  return [
    {
      severity: 'warning',
      code: 'owned-secrets',
      message: `${who} Whoever deletes the Certificates or the CRDs of cert-manager, as an uninstallation with its CRDs does, deletes the Secrets too, at once.`,
      fix: 'Keep the CRDs when cert-manager is removed (Helm: crds.keep=true), or switch the flag off first and wait until the owner references are gone.',
    },
  ];
}

/** ServiceAccounts and Gateways that issuers use: they are the platform's, and have to be there. */
export function prerequisites(references: readonly Reference[]): Problem[] {
  const seen = new Map<string, string[]>();
  for (const { kind, namespace, name, from } of references) {
    if (kind === 'Secret') continue;
    const object = refName(kind, namespace, name);
    seen.set(object, [...(seen.get(object) ?? []), from]);
  }
  return [...seen].map(([object, from]) => ({
    severity: 'note',
    code: 'prerequisite',
    message: `${object} is used by ${some(from)}. It is not part of the backup.`,
    fix: 'Make sure that the target cluster has it, with its rights and the trust that a cloud provider or Vault puts in it.',
    object,
  }));
}

/** Credentials in the objects themselves, where nothing encrypts them. */
export function inlineProblems(objects: Iterable<KubeObject>, writable: boolean): Problem[] {
  if (writable) return [];
  return [...objects].flatMap((object) => {
    const paths = inlineCredentials(object);
    if (paths.length === 0) return [];
    return [
      {
        severity: 'error',
        code: 'inline-credential',
        message: `${objectName(object)} holds a credential in ${paths.join(', ')}, and without a recipient it would be written as plain text.`,
        fix: 'Give --recipient with an age public key, move the credential to a Secret, or use --allow-plaintext-secrets.',
        object: objectName(object),
      } satisfies Problem,
    ];
  });
}
