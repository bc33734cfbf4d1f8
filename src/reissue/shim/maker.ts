import { groupOf } from '../../model/kinds.ts';
import type { KubeObject } from '../../model/objects.ts';
import type { Annotations } from './annotations.ts';
import { Undecidable } from './undecidable.ts';

export type MakerKind = 'Ingress' | 'Gateway' | 'ListenerSet';

/** An Ingress, Gateway or ListenerSet as the shim sees it. */
export interface Maker {
  kind: MakerKind;
  namespace: string;
  name: string;
  /** '' where the object has none yet. */
  uid: string;
  /** undefined and {} are different things to the shim. */
  labels: Readonly<Record<string, string>> | undefined;
  annotations: Annotations;
  beingDeleted: boolean;
  waitsForDependents: boolean;
  /** spec.tls of an Ingress. */
  tls: readonly IngressTls[];
  /** spec.listeners of the others. */
  listeners: readonly Listener[];
  /** spec.parentRef of a ListenerSet. */
  parent: { namespace: string; name: string };
}

export interface IngressTls {
  hosts: readonly string[];
  secretName: string;
}

export interface Listener {
  name: string;
  protocol: string;
  hostname: string | undefined;
  tls: { mode: string; refs: readonly CertificateRef[] } | undefined;
}

export interface CertificateRef {
  group: string;
  kind: string;
  name: string;
  namespace: string | undefined;
}

const GROUPS: Record<string, readonly string[]> = {
  Ingress: ['networking.k8s.io', 'extensions'],
  Gateway: ['gateway.networking.k8s.io'],
  ListenerSet: ['gateway.networking.k8s.io'],
};

/** The kind of an object that some release's shim takes up; undefined for all others (Istio has a Gateway too). */
export function makerKind(object: KubeObject): MakerKind | undefined {
  const groups = typeof object?.kind === 'string' ? GROUPS[object.kind] : undefined;
  if (groups === undefined || typeof object.apiVersion !== 'string') return undefined;
  return groups.includes(groupOf(object.apiVersion)) ? (object.kind as MakerKind) : undefined;
}

/**
 * Reads a maker. What a cluster's API server fills in (the Gateway API's CRDs do for listeners) is filled in here as
 * well, since the object may come from a file. Throws Undecidable where a field is of a wrong type.
 */
export function readMaker(object: KubeObject, kind: MakerKind): Maker {
  const metadata = fields(object.metadata, 'metadata') ?? {};
  const spec = fields(object.spec, 'spec') ?? {};
  const namespace = text(metadata.namespace, 'metadata.namespace') ?? '';
  const parent = kind === 'ListenerSet' ? fields(spec.parentRef, 'spec.parentRef') : undefined;
  return {
    kind,
    namespace,
    name: text(metadata.name, 'metadata.name') ?? '',
    uid: text(metadata.uid, 'metadata.uid') ?? '',
    labels: texts(metadata.labels, 'metadata.labels'),
    annotations: texts(metadata.annotations, 'metadata.annotations') ?? {},
    beingDeleted: (metadata.deletionTimestamp ?? undefined) !== undefined,
    waitsForDependents: list(metadata.finalizers, 'metadata.finalizers').includes('foregroundDeletion'),
    tls: kind === 'Ingress' ? list(spec.tls, 'spec.tls').map(readTls) : [],
    listeners: kind === 'Ingress' ? [] : list(spec.listeners, 'spec.listeners').map(readListener),
    parent: {
      namespace: text(parent?.namespace, 'spec.parentRef.namespace') || namespace,
      name: text(parent?.name, 'spec.parentRef.name') ?? '',
    },
  };
}

function readTls(entry: unknown, i: number): IngressTls {
  const path = `spec.tls[${i}]`;
  const tls = fields(entry, path) ?? {};
  return {
    hosts: list(tls.hosts, `${path}.hosts`).map((host) => text(host, `${path}.hosts`) ?? ''),
    secretName: text(tls.secretName, `${path}.secretName`) ?? '',
  };
}

function readListener(entry: unknown, i: number): Listener {
  const path = `spec.listeners[${i}]`;
  const listener = fields(entry, path) ?? {};
  const tls = fields(listener.tls, `${path}.tls`);
  return {
    name: text(listener.name, `${path}.name`) ?? '',
    protocol: text(listener.protocol, `${path}.protocol`) ?? '',
    hostname: text(listener.hostname, `${path}.hostname`),
    tls:
      tls === undefined
        ? undefined
        : {
            mode: text(tls.mode, `${path}.tls.mode`) ?? 'Terminate',
            refs: list(tls.certificateRefs, `${path}.tls.certificateRefs`).map((ref) => readRef(ref, path)),
          },
  };
}

function readRef(entry: unknown, listener: string): CertificateRef {
  const path = `${listener}.tls.certificateRefs`;
  const ref = fields(entry, path) ?? {};
  return {
    group: text(ref.group, `${path}.group`) ?? '',
    kind: text(ref.kind, `${path}.kind`) ?? 'Secret',
    name: text(ref.name, `${path}.name`) ?? '',
    namespace: text(ref.namespace, `${path}.namespace`),
  };
}

/** null counts as absent, as it does for Go. */
function fields(value: unknown, path: string): Record<string, unknown> | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) throw new Undecidable(`${path} is of a wrong type`);
  return value as Record<string, unknown>;
}

function list(value: unknown, path: string): unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Undecidable(`${path} is of a wrong type`);
  return value;
}

function text(value: unknown, path: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new Undecidable(`${path} is of a wrong type`);
  return value;
}

function texts(value: unknown, path: string): Record<string, string> | undefined {
  const map = fields(value, path);
  if (map === undefined) return undefined;
  // A null among the values is an empty text for Go.
  return Object.fromEntries(Object.entries(map).map(([name, one]) => [name, text(one, path) ?? '']));
}
