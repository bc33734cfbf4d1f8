import { leafFacts } from '../../src/archive/x509.ts';
import type { BackupContents } from '../../src/model/backup.ts';
import { REVISION_ANNOTATION } from '../../src/model/kinds.ts';
import type { Certificate, CertificateRequest, Secret } from '../../src/model/objects.ts';

/**
 * What of a backup is not of one moment, as sentences: each Certificate's revision, its Secret's leaf, the request of
 * that revision and the baseline must belong together. [] where all do.
 */
export function incoherences(contents: BackupContents): string[] {
  const secrets = new Map(contents.secrets.map((s) => [`${s.metadata.namespace}/${s.metadata.name}`, s as Secret]));
  const entries = new Map(contents.index.map((e) => [`${e.kind} ${e.namespace}/${e.name}`, e]));
  const all = [...contents.certificates, ...contents.derived] as Certificate[];
  return all.flatMap(({ metadata, spec }) => {
    const id = `${metadata.namespace}/${metadata.name}`;
    const entry = entries.get(`Certificate ${id}`);
    const leaf = leafFacts(secrets.get(`${metadata.namespace}/${spec.secretName}`)?.data?.['tls.crt'])?.sha256;
    const revision = String(entry?.baseline?.revision);
    const request = (contents.requests as CertificateRequest[]).find(
      (r) => r.metadata.namespace === metadata.namespace && r.metadata.ownerReferences?.[0]?.uid === entry?.uid,
    );
    const found: string[] = [];
    if (leaf === undefined) found.push(`${id} has no leaf`);
    if (entry?.baseline?.leaf?.sha256 !== leaf) found.push(`${id}: the baseline is of another leaf than the Secret's`);
    // While a Certificate is in issuance, cert-manager may already have removed the request of its present revision; and
    // one that was put there with its Secret, as a restore does, has had none.
    const issuing = entry?.baseline?.conditions.some((c) => c.type === 'Issuing' && c.status === 'True');
    if (request === undefined && (issuing || entry?.baseline?.revision === null)) return found;
    const ofRequest = request?.metadata.annotations?.[REVISION_ANNOTATION];
    if (ofRequest !== revision) found.push(`${id} is at revision ${revision}, its request at ${ofRequest}`);
    if (leafFacts(request?.status?.certificate)?.sha256 !== leaf) {
      found.push(`${id}: at revision ${revision} another leaf was issued than the Secret holds`);
    }
    return found;
  });
}
