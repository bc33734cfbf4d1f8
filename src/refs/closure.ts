import type { Role } from '../model/backup.ts';
import { ACME_GROUP, CERT_MANAGER_GROUP, groupOf } from '../model/kinds.ts';
import { type KubeObject, objectName } from '../model/objects.ts';
import { injectionReference } from './injection.ts';
import { OLD_REFERENCE_PATHS, REFERENCE_PATHS, type ReferencePath, WEBHOOK_CONFIG_PATH } from './paths.ts';
import { guessReferences } from './shapes.ts';
import { findPath, isRecord } from './walk.ts';

/** One object that a field of another object names. */
export interface Reference {
  kind: 'Secret' | 'ServiceAccount' | 'Gateway' | 'ListenerSet' | 'XListenerSet';
  /** '' where it is the cluster resource namespace and that is not known. */
  namespace: string;
  name: string;
  /** The key of the Secret's data that is read, where one key is. */
  key?: string;
  /** `Kind/namespace/name:field.path` of the field. */
  from: string;
  /** Nothing breaks at once where the named object is absent. */
  optional: boolean;
  role: Role;
  /** Found by its shape in free-form configuration: may be no reference at all. */
  guess?: boolean;
}

export interface ReferenceOptions {
  /**
   * For a ClusterIssuer: the namespaces of the Certificates that use it. Pull secrets of its solver Pods are looked up
   * there, and without them none are listed. Not needed for other kinds.
   */
  challengeNamespaces?: readonly string[];
}

/** Where `certmanager.k8s.io/v1alpha1` manifests come from: cert-manager before 0.11. */
const OLD_GROUP = 'certmanager.k8s.io';

/**
 * Every Secret, ServiceAccount and Gateway that an Issuer, ClusterIssuer, Certificate or an issuer of another group
 * names, in the order of the table of paths; old forms of the API included. Selectors without a name (Go clients write
 * `secretRef: {name: ""}`) name nothing and are left out. Of webhook configurations, APIServices and CRDs: the Secret that
 * the annotation `cert-manager.io/inject-ca-from-secret` names. Other kinds of object have no references.
 *
 * @param clusterResourceNamespace where a ClusterIssuer's Secrets live; '' where that is not known.
 */
export function referencesOf(
  object: KubeObject,
  clusterResourceNamespace: string,
  options: ReferenceOptions = {},
): Reference[] {
  const own = object.metadata.namespace ?? '';
  const resourceNamespace = own === '' ? clusterResourceNamespace : own;
  const holder = holderOf(object);
  if (holder === 'none') return injectionReference(object);
  if (holder === 'foreign') return guessesIn(object, 'spec', object.spec, resourceNamespace, own === '');
  const challengeNamespaces = own === '' ? [...new Set(options.challengeNamespaces ?? [])].sort() : [own];
  const rows = [...REFERENCE_PATHS, ...OLD_REFERENCE_PATHS].filter((row) => row.holder === holder);
  const references = rows.flatMap((row) =>
    findPath(object, row.path).flatMap(({ path, value }) => {
      const namespaces =
        row.namespace === 'challenge' ? challengeNamespaces : [row.namespace === 'own' ? own : resourceNamespace];
      return toReferences(row, `${objectName(object)}:${path}`, value, namespaces);
    }),
  );
  if (holder === 'certificate') return references;
  const guesses = findPath(object, WEBHOOK_CONFIG_PATH).flatMap(({ path, value }) =>
    guessesIn(object, path, value, resourceNamespace, own === ''),
  );
  return [...references, ...guesses];
}

/** `foreign`: a kind of another group, taken for an issuer since the caller asked about it. */
function holderOf(object: KubeObject): ReferencePath['holder'] | 'foreign' | 'none' {
  const group = groupOf(object.apiVersion);
  if (group === CERT_MANAGER_GROUP || group === OLD_GROUP) {
    if (object.kind === 'Issuer' || object.kind === 'ClusterIssuer') return 'issuer';
    return object.kind === 'Certificate' ? 'certificate' : 'none';
  }
  return group.includes('.') && !group.endsWith('.k8s.io') && group !== ACME_GROUP ? 'foreign' : 'none';
}

function toReferences(row: ReferencePath, from: string, value: unknown, namespaces: readonly string[]): Reference[] {
  const fields = typeof value === 'string' ? { name: value } : value;
  if (!isRecord(fields) || typeof fields.name !== 'string' || fields.name === '') return [];
  const name = fields.name;
  const key = typeof fields.key === 'string' && fields.key !== '' ? fields.key : row.defaultKey;
  // A parentRef may name its namespace; a Secret selector of cert-manager's own API never does.
  const explicit = row.names === 'Gateway' && typeof fields.namespace === 'string' ? fields.namespace : '';
  const kind = row.names === 'Gateway' ? parentKind(fields.kind) : row.names;
  return (explicit === '' ? namespaces : [explicit]).map((namespace) => ({
    kind,
    namespace,
    name,
    ...(key === undefined ? {} : { key }),
    from,
    optional: row.optional,
    role: row.role,
  }));
}

/** A route's parent is a Gateway unless it says that it is one of the two kinds of ListenerSet. */
function parentKind(kind: unknown): 'Gateway' | 'ListenerSet' | 'XListenerSet' {
  return kind === 'ListenerSet' || kind === 'XListenerSet' ? kind : 'Gateway';
}

/**
 * A namespace written beside a guessed name counts only on a cluster-scoped object: else whoever may write an Issuer in
 * one namespace could draw the Secrets of another one into a backup.
 */
function guessesIn(
  object: KubeObject,
  path: string,
  value: unknown,
  resourceNamespace: string,
  clusterScoped: boolean,
): Reference[] {
  return guessReferences(value, path).map((guess) => ({
    kind: 'Secret',
    namespace: clusterScoped && guess.namespace !== undefined ? guess.namespace : resourceNamespace,
    name: guess.name,
    ...(guess.key === undefined ? {} : { key: guess.key }),
    from: `${objectName(object)}:${guess.path}`,
    optional: true,
    role: 'issuer-secret',
    guess: true,
  }));
}
