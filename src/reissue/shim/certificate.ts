import type { Certificate, CertificateSpec, IssuerRef, ObjectMeta } from '../../model/objects.ts';
import {
  APPLY_SET_LABEL,
  annotationOf,
  EDIT_IN_PLACE,
  INGRESS_CLASS,
  INGRESS_CLASS_NAME,
  OVERRIDE_INGRESS_CLASS,
  OVERRIDE_INGRESS_CLASS_NAME,
  OVERRIDE_INGRESS_NAME,
  PARENT_REF_FALLBACK,
  PARENT_REF_KIND,
  PARENT_REF_NAME,
  PARENT_REF_NAMESPACE,
  TEMPORARY_CERTIFICATE,
} from './annotations.ts';
import type { ShimFlags } from './flags.ts';
import { isTrue } from './goText.ts';
import { splitHosts } from './hosts.ts';
import type { Maker } from './maker.ts';
import type { ShimRules } from './rules.ts';
import { translateAnnotations } from './translate.ts';

type StringMap = Record<string, string>;

/** What the maker's Certificate should be, in the parts that the shim writes. */
export interface Wanted {
  name: string;
  spec: CertificateSpec;
  /** undefined and {} are different things to the shim. */
  labels: StringMap | undefined;
  /** Annotations of a new Certificate. */
  annotations: StringMap;
  /** Annotations that an update adds to those that are there. */
  addedAnnotations: StringMap;
}

/** Builds the Certificate for one Secret (buildCertificates in sync.go). Throws BadAnnotation and Undecidable. */
export function wantedCertificate(
  maker: Maker,
  secretName: string,
  hosts: readonly string[],
  issuerRef: IssuerRef,
  rules: ShimRules,
  flags: Required<ShimFlags>,
): Wanted {
  const { dnsNames, ipAddresses } = splitHosts(hosts, rules);
  const spec: CertificateSpec = {
    ...(dnsNames.length === 0 ? {} : { dnsNames }),
    ...(ipAddresses.length === 0 ? {} : { ipAddresses }),
    secretName,
    issuerRef: withoutEmpty(issuerRef),
    usages: ['digital signature', 'key encipherment'],
  };
  translateAnnotations(spec, maker.annotations, rules);
  const extra = rules.extraAnnotations ? pick(maker.annotations, flags.extraCertificateAnnotations) : {};
  const annotations = { ...extra, ...solverAnnotations(maker, rules) };
  if (cleared(maker, rules)) delete annotations[PARENT_REF_NAMESPACE];
  return {
    name: secretName,
    spec,
    labels: handedDown(maker.labels, rules),
    annotations,
    // The map of the extra annotations, if there is one, is the one that the solver's were written to.
    addedAnnotations: Object.keys(extra).length === 0 ? {} : annotations,
  };
}

/** The new Certificate as the shim creates it, and the API server shows it but for what only that sets. */
export function created(wanted: Wanted, maker: Maker, rules: ShimRules): Certificate {
  const metadata: ObjectMeta = {
    name: wanted.name,
    namespace: maker.namespace,
    ...(isEmpty(wanted.labels) ? {} : { labels: { ...wanted.labels } }),
    ...(isEmpty(wanted.annotations) ? {} : { annotations: { ...wanted.annotations } }),
    ownerReferences: [
      {
        apiVersion: apiVersion(maker, rules),
        kind: maker.kind,
        name: maker.name,
        uid: maker.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  };
  return { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', metadata, spec: wanted.spec };
}

/** The Certificate in place after the shim's update: the whole spec and all labels are replaced, annotations added. */
export function updated(existing: Certificate, wanted: Wanted): Certificate {
  const { labels: _labels, annotations: before, ...metadata } = existing.metadata;
  const annotations = { ...before, ...wanted.addedAnnotations };
  return {
    ...existing,
    metadata: {
      ...metadata,
      ...(isEmpty(wanted.labels) ? {} : { labels: { ...wanted.labels } }),
      ...(isEmpty(annotations) ? {} : { annotations }),
    } as ObjectMeta,
    spec: wanted.spec,
  };
}

function apiVersion({ kind }: Maker, rules: ShimRules): string {
  if (kind === 'Ingress') return 'networking.k8s.io/v1';
  return `gateway.networking.k8s.io/${rules.gatewayVersion}`;
}

function handedDown(labels: Maker['labels'], rules: ShimRules): StringMap | undefined {
  if (labels === undefined) return undefined;
  const copy = { ...labels };
  if (rules.dropsApplySetLabel) delete copy[APPLY_SET_LABEL];
  return copy;
}

/** setIssuerSpecificConfig in sync.go: what the ACME HTTP-01 solver is told. */
function solverAnnotations(maker: Maker, rules: ShimRules): StringMap {
  const value = (name: string): string | undefined => annotationOf(maker.annotations, name);
  const found: StringMap = {};
  if (value(EDIT_IN_PLACE) === 'true') {
    found[OVERRIDE_INGRESS_NAME] = maker.name;
    found[TEMPORARY_CERTIFICATE] = 'true';
  }
  const ingressClass = value(INGRESS_CLASS);
  if (ingressClass !== undefined && !(rules.solverAnnotations && ingressClass === '')) {
    found[OVERRIDE_INGRESS_CLASS] = ingressClass;
  }
  if (!rules.solverAnnotations) return found;
  const className = value(INGRESS_CLASS_NAME);
  if (className) found[OVERRIDE_INGRESS_CLASS_NAME] = className;
  if (maker.kind === 'Ingress') return found;
  const viaGateway = fallsBack(maker, rules);
  found[PARENT_REF_KIND] = viaGateway ? 'Gateway' : maker.kind;
  found[PARENT_REF_NAME] = viaGateway ? maker.parent.name : maker.name;
  if (viaGateway) found[PARENT_REF_NAMESPACE] = maker.parent.namespace;
  return found;
}

/** Whether a ListenerSet's challenges go through its Gateway. */
function fallsBack(maker: Maker, rules: ShimRules): boolean {
  return (
    maker.kind === 'ListenerSet' &&
    rules.listenerOptions &&
    isTrue(annotationOf(maker.annotations, PARENT_REF_FALLBACK))
  );
}

/** Whether the namespace of the parent is taken away even where the extra annotations have brought it. */
function cleared(maker: Maker, rules: ShimRules): boolean {
  return maker.kind === 'ListenerSet' && rules.listenerOptions && !fallsBack(maker, rules);
}

function pick(annotations: Maker['annotations'], names: readonly string[]): StringMap {
  const found: StringMap = {};
  for (const name of names) {
    const value = annotationOf(annotations, name);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/** As it is written: empty texts are left out. */
function withoutEmpty({ name, kind, group }: IssuerRef): IssuerRef {
  return { name, ...(kind ? { kind } : {}), ...(group ? { group } : {}) };
}

function isEmpty(map: Readonly<StringMap> | undefined): boolean {
  return map === undefined || Object.keys(map).length === 0;
}
