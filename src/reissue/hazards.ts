import type { Issuer } from '../model/objects.ts';
import { withFlags } from './flags.ts';
import { CHAIN_ROWS } from './hazards/chain.ts';
import { CLUSTER_ROWS } from './hazards/cluster.ts';
import { CONTENT_ROWS } from './hazards/content.ts';
import { ISSUER_REF_ROWS } from './hazards/issuerRef.ts';
import { ISSUER_ROWS } from './hazards/issuers.ts';
import { LIMIT_ROWS } from './hazards/limits.ts';
import { RENEWAL_ROWS } from './hazards/renewal.ts';
import { type Hazard, hazardsOfRows, type Row, type Upgrade, type UpgradeFacts } from './hazards/row.ts';
import type { ReissueInput } from './input.ts';
import { wrongCertificate, wrongRequest, wrongSecret } from './shape.ts';
import { compareVersions, rulesFor } from './versions.ts';

export type { Change, CrdFacts, Hazard, HazardEffect, HazardLevel, Row, Upgrade, UpgradeFacts } from './hazards/row.ts';
export { hazardsOfRows } from './hazards/row.ts';

/** In the order of the releases that brought them. */
const byRelease = <Subject>(rows: Row<Subject>[]): Row<Subject>[] =>
  rows.toSorted((a, b) => compareVersions(a.since[0] as string, b.since[0] as string));

/** The rows that concern one Certificate, one issuer, and the installation. */
export const CERTIFICATE_HAZARDS: readonly Row<ReissueInput>[] = byRelease([
  ...CHAIN_ROWS,
  ...LIMIT_ROWS,
  ...RENEWAL_ROWS,
  ...ISSUER_REF_ROWS,
  ...CONTENT_ROWS,
]);
export const ISSUER_HAZARDS: readonly Row<Issuer>[] = byRelease(ISSUER_ROWS);
export const CLUSTER_HAZARDS: readonly Row<UpgradeFacts>[] = byRelease(CLUSTER_ROWS);

/** The two ends of an upgrade. Throws as `rulesFor` does for a version that certkeep does not know. */
export function upgradeBetween(from: string, to: string, facts: UpgradeFacts = {}): Upgrade {
  return { from: withFlags(rulesFor(from), facts.flags), to: withFlags(rulesFor(to), facts.flags), facts };
}

/**
 * The hazards of an upgrade from one release to another for one Certificate, in the order of the releases. A Certificate
 * that no API server would have taken has none; a Secret or CertificateRequest of that sort is passed over.
 */
export function hazardsOf(input: ReissueInput, from: string, to: string, facts: UpgradeFacts = {}): Hazard[] {
  const upgrade = upgradeBetween(from, to, facts);
  const { certificate, secret, requests, siblings } = input;
  if (wrongCertificate(certificate) !== undefined) return [];
  const sound = {
    certificate,
    secret: wrongSecret(secret) === undefined ? secret : undefined,
    requests: requests.filter((request) => request && wrongRequest(request) === undefined),
    siblings: siblings.filter((sibling) => sibling && wrongCertificate(sibling) === undefined),
  };
  return hazardsOfRows(CERTIFICATE_HAZARDS, sound, upgrade);
}

/** The hazards for one issuer of cert-manager's own kinds; those of other groups have none. */
export function hazardsOfIssuer(issuer: Issuer, from: string, to: string, facts: UpgradeFacts = {}): Hazard[] {
  if (!String(issuer?.apiVersion).startsWith('cert-manager.io/')) return [];
  return hazardsOfRows(ISSUER_HAZARDS, issuer, upgradeBetween(from, to, facts));
}

/** The hazards for the installation: what is known of it are the facts. */
export function hazardsOfCluster(from: string, to: string, facts: UpgradeFacts): Hazard[] {
  return hazardsOfRows(CLUSTER_HAZARDS, facts, upgradeBetween(from, to, facts));
}
