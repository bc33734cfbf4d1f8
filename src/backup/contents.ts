import { portable } from '../archive/portable.ts';
import { emptyContents } from '../archive/stages.ts';
import type { BackupContents, IndexEntry, Role } from '../model/backup.ts';
import { FAO_LABEL } from '../model/kinds.ts';
import type { Certificate, CertificateRequest, Issuer, KubeObject, Secret } from '../model/objects.ts';
import { certificateBaseline, currentRequest, foreignBaseline, issuerBaseline } from './baseline.ts';
import { managedFieldsOf, managersOf } from './managers.ts';
import { portableNamespace } from './namespaces.ts';
import { type Maker, shimOwner } from './owners.ts';
import type { SelectedSecret } from './select.ts';
import { type ClusterState, groupRequests, keyOf, nextPrivateKeySecretsOf, secretOf } from './state.ts';
import { certificateStatus, issuerStatus } from './status.ts';

/** What was chosen from the state. */
export interface Chosen {
  namespaces: readonly KubeObject[];
  secrets: readonly SelectedSecret[];
  issuers: readonly Issuer[];
  /** Objects of other groups; `isIssuer`: a Certificate names it as its issuer. */
  foreign: readonly { object: KubeObject; isIssuer: boolean }[];
  crds: readonly KubeObject[];
  makers: ReadonlyMap<string, Maker>;
  clusterResourceNamespace: string;
  /** Where the leaves of the baseline come from; absent: Secrets. */
  baseline?: 'secrets' | 'requests' | undefined;
}

/** The backup's contents: objects as they may be created elsewhere, and beside them what the source said of them. */
export function buildContents(state: ClusterState, chosen: Chosen): BackupContents {
  const contents = emptyContents();
  for (const namespace of chosen.namespaces) {
    contents.namespaces.push(portableNamespace(namespace));
    contents.index.push(entryOf(namespace, 'namespace', []));
  }
  for (const { secret, role, referencedFrom, leaf } of chosen.secrets) {
    contents.secrets.push(leaf ? visibleToCertManager(portable(secret)) : portable(secret));
    contents.index.push(entryOf(secret, role, referencedFrom));
    addManagedFields(contents, secret);
  }
  for (const issuer of chosen.issuers) {
    const namespace = issuer.metadata.namespace ?? chosen.clusterResourceNamespace;
    const dataOf = (name: string): Secret['data'] | undefined => state.secrets.get(keyOf(namespace, name))?.data;
    contents.issuers.push(portable(issuer));
    contents.index.push({ ...entryOf(issuer, 'issuer', []), issuer: issuerBaseline(issuer, dataOf) });
    addManagedFields(contents, issuer);
    const status = issuerStatus(issuer);
    if (status !== undefined) contents.status.push(status);
  }
  for (const { object, isIssuer } of chosen.foreign) {
    contents.issuers.push(portable(object));
    const entry = entryOf(object, isIssuer ? 'issuer' : 'included', []);
    contents.index.push(isIssuer ? { ...entry, issuer: foreignBaseline(object) } : entry);
    addManagedFields(contents, object);
  }
  for (const crd of chosen.crds) {
    contents.crds.push(portable(crd));
    contents.index.push(entryOf(crd, 'crd', []));
  }
  const requestsByOwner = groupRequests(state.requests);
  for (const certificate of state.certificates) addCertificate(contents, state, certificate, chosen, requestsByOwner);
  return contents;
}

function addCertificate(
  contents: BackupContents,
  state: ClusterState,
  certificate: Certificate,
  chosen: Chosen,
  requestsByOwner: ReadonlyMap<string, CertificateRequest[]>,
): void {
  const { namespace, name, uid } = certificate.metadata;
  const derived = shimOwner(certificate) !== undefined;
  const requests = requestsByOwner.get(uid ?? '') ?? [];
  const maker = chosen.makers.get(keyOf(namespace, name));
  (derived ? contents.derived : contents.certificates).push(portable(certificate));
  contents.index.push({
    ...entryOf(certificate, derived ? 'derived-certificate' : 'certificate', []),
    ...(maker === undefined ? {} : { maker }),
    baseline: certificateBaseline(
      certificate,
      secretOf(state, namespace ?? '', certificate.spec.secretName),
      requests,
      nextPrivateKeySecretsOf(state, certificate),
      chosen.baseline,
    ),
  });
  addManagedFields(contents, certificate);
  const status = certificateStatus(certificate);
  if (status !== undefined) contents.status.push(status);
  const current = currentRequest(certificate, requests);
  if (current !== undefined) contents.requests.push(current);
}

function addManagedFields(contents: BackupContents, object: KubeObject): void {
  const record = managedFieldsOf(object);
  if (record !== undefined) contents.managedFields.push(record);
}

/** Digest and file are the writer's to fill in. */
function entryOf(object: KubeObject, role: Role, referencedFrom: string[]): IndexEntry {
  const { namespace, name, uid, ownerReferences } = object.metadata;
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    uid: uid ?? '',
    role,
    file: '',
    digest: '',
    ownerReferences: ownerReferences ?? [],
    referencedFrom,
    managers: managersOf(object),
  };
}

/**
 * A Secret whose label is absent is seen late by cert-manager, one whose label has another value never
 * (internal/informers/core_filteredsecrets.go); both end in a reissue.
 */
function visibleToCertManager(secret: KubeObject): KubeObject {
  const { metadata } = secret;
  return { ...secret, metadata: { ...metadata, labels: { ...metadata.labels, [FAO_LABEL]: 'true' } } };
}
