import type { Certificate, OwnerReference } from '../../model/objects.ts';
import { parseDuration } from '../goDuration.ts';
import { wrongCertificate } from '../shape.ts';
import type { Maker } from './maker.ts';

/** The Certificates that are there, by name and by the object that controls them. */
export class Certificates {
  private readonly byName = new Map<string, Certificate>();
  private readonly byController = new Map<string, Certificate[]>();

  constructor(certificates: readonly Certificate[]) {
    for (const certificate of certificates) {
      const { namespace = '', name } = certificate?.metadata ?? {};
      if (typeof name !== 'string') continue;
      this.byName.set(`${namespace}/${name}`, certificate);
      const controller = controllerOf(certificate);
      if (controller === undefined) continue;
      for (const key of [byUid(namespace, controller.uid), byKindAndName(namespace, controller)]) {
        const controlled = this.byController.get(key);
        if (controlled === undefined) this.byController.set(key, [certificate]);
        else controlled.push(certificate);
      }
    }
  }

  /** The Certificate of that name in the maker's namespace. */
  named({ namespace }: Maker, name: string): Certificate | undefined {
    return this.byName.get(`${namespace}/${name}`);
  }

  /** Those that the maker controls. */
  controlledBy(maker: Maker): readonly Certificate[] {
    const key = maker.uid === '' ? byKindAndName(maker.namespace, maker) : byUid(maker.namespace, maker.uid);
    return this.byController.get(key) ?? [];
  }
}

const byUid = (namespace: string, uid: unknown): string => `${namespace}/uid/${String(uid)}`;
const byKindAndName = (namespace: string, { kind, name }: { kind: string; name: string }): string =>
  `${namespace}/${kind}/name/${name}`;

/**
 * metav1.IsControlledBy: the first owner that is the controller, by uid. A maker from a file that was never in a cluster
 * has none: then by kind and name.
 */
export function isControlledBy(certificate: Certificate, maker: Maker): boolean {
  const controller = controllerOf(certificate);
  if (controller === undefined) return false;
  if (maker.uid === '') return controller.kind === maker.kind && controller.name === maker.name;
  return controller.uid === maker.uid;
}

function controllerOf(certificate: Certificate): OwnerReference | undefined {
  const owners: unknown = certificate.metadata.ownerReferences;
  if (!Array.isArray(owners)) return undefined;
  return (owners as (OwnerReference | null)[]).find((owner) => owner?.controller === true) ?? undefined;
}

/** What is wrong with the fields that the shim compares; undefined where they have the types of the API. */
export function wrongInPlace(certificate: Certificate): string | undefined {
  const wrong = wrongCertificate(certificate);
  if (wrong !== undefined) return wrong;
  const { metadata, spec } = certificate;
  const labels: unknown = metadata.labels ?? {};
  if (
    typeof labels !== 'object' ||
    !Object.values(labels as object).every((one) => one === null || typeof one === 'string')
  ) {
    return 'metadata.labels is of a wrong type';
  }
  const limit = spec.revisionHistoryLimit ?? undefined;
  if (limit !== undefined && !Number.isSafeInteger(limit)) return 'spec.revisionHistoryLimit is of a wrong type';
  for (const field of ['encoding', 'rotationPolicy'] as const) {
    const value: unknown = spec.privateKey?.[field] ?? '';
    if (typeof value !== 'string') return `spec.privateKey.${field} is of a wrong type`;
  }
  for (const field of ['duration', 'renewBefore'] as const) {
    const value = spec[field] ?? undefined;
    if (value !== undefined && parseDuration(value) === undefined) return `spec.${field} is no duration`;
  }
  return undefined;
}
