import { type KubeObject, objectName } from '../model/objects.ts';
import type { Reference } from './closure.ts';

/** What the CA injector copies a CA from (pkg/apis/certmanager/v1/types.go): `namespace/name` of a Secret. */
export const INJECT_FROM_SECRET_ANNOTATION = 'cert-manager.io/inject-ca-from-secret';
/** Without it on the Secret, set to "true", the injector does not take it (pkg/controller/cainjector/sources.go). */
export const ALLOW_INJECTION_ANNOTATION = 'cert-manager.io/allow-direct-injection';

/** Kinds that the injector writes to (pkg/controller/cainjector/setup.go). */
export const INJECTABLE_KINDS: readonly string[] = [
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
  'APIService',
  'CustomResourceDefinition',
];

/** The Secret that an annotated object gets its CA from; [] for every other object. */
export function injectionReference(object: KubeObject): Reference[] {
  const value = object.metadata.annotations?.[INJECT_FROM_SECRET_ANNOTATION];
  if (value === undefined || !INJECTABLE_KINDS.includes(object.kind)) return [];
  const [namespace = '', name = '', ...more] = value.split('/');
  if (namespace === '' || name === '' || more.length > 0) return [];
  return [
    {
      kind: 'Secret',
      namespace,
      name,
      key: 'ca.crt',
      from: `${objectName(object)}:${ANNOTATION_PATH}`,
      optional: true,
      role: 'other-secret',
    },
  ];
}

const ANNOTATION_PATH = `metadata.annotations[${INJECT_FROM_SECRET_ANNOTATION}]`;

/** True for the `from` of a reference that an annotation of an injectable object makes. */
export function isInjection(from: string): boolean {
  const colon = from.indexOf(':');
  return from.slice(colon + 1) === ANNOTATION_PATH && INJECTABLE_KINDS.includes(from.slice(0, from.indexOf('/')));
}
