import type { BackupContents, IndexEntry, Manifest } from '../model/backup.ts';
import { groupOf } from '../model/kinds.ts';
import { referencesOf } from '../refs/closure.ts';
import type { KnownObjects, KnownSecret, MakerKind } from './options.ts';

const MAKER_KINDS: readonly string[] = ['Ingress', 'Gateway', 'ListenerSet', 'XListenerSet'] satisfies MakerKind[];

/**
 * What a backup tells of the rights that another run on the same objects needs: namespaces, and Secrets by name. The
 * Secrets are those that its issuers and Certificates name, so that they are known also where none was captured.
 */
export function knownObjects(manifest: Manifest, contents: BackupContents): KnownObjects {
  const secrets = new Map<string, KnownSecret>();
  const captured = new Set(contents.index.filter(isSecret).map(({ namespace, name }) => `${namespace}/${name}`));
  const add = (secret: KnownSecret): void => {
    const key = `${secret.namespace}/${secret.name}`;
    const before = secrets.get(key);
    // Needed for the comparison, whatever else it is.
    if (before === undefined || secret.purpose === 'leaf') secrets.set(key, secret);
  };
  const holders = [...contents.issuers, ...contents.certificates, ...contents.derived];
  const challengeNamespaces = [
    ...new Set([...contents.certificates, ...contents.derived].map(({ metadata }) => metadata.namespace ?? '')),
  ];
  for (const holder of holders) {
    const isCertificate = holder.kind === 'Certificate';
    const references = referencesOf(
      holder,
      manifest.certManager.clusterResourceNamespace,
      isCertificate ? {} : { challengeNamespaces },
    );
    for (const { kind, namespace, name, role, optional } of references) {
      if (kind !== 'Secret' || namespace === '') continue;
      // Where all that exists was captured, an optional one that was not does not exist.
      if (optional && manifest.secrets === 'all' && !captured.has(`${namespace}/${name}`)) continue;
      add({ namespace, name, purpose: role === 'leaf-secret' ? 'leaf' : isCertificate ? 'other' : 'issuer' });
    }
  }
  for (const { namespace = '', name } of contents.index.filter(isSecret)) {
    if (!secrets.has(`${namespace}/${name}`)) add({ namespace, name, purpose: 'other' });
  }
  return {
    namespaces: [...new Set(holders.map(({ metadata }) => metadata.namespace ?? ''))].filter((n) => n !== '').sort(),
    secrets: [...secrets.values()].sort((a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name)),
    kinds: kindsOf(contents),
    issuersWithStatus: new Set(
      contents.status.filter((r) => r.kind !== 'Certificate' && hasAccount(r.status)).map((r) => r.kind),
    ),
    makers: makersOf(contents.index),
  };
}

/**
 * The same of the index alone, as far as a comparison needs it: the Certificates' namespaces and Secrets.
 *
 * @param entries those of the Certificates that are compared.
 */
export function knownCertificates(entries: readonly IndexEntry[]): KnownObjects {
  const secrets = entries.flatMap(({ namespace = '', baseline }): KnownSecret[] =>
    baseline === undefined ? [] : [{ namespace, name: baseline.secretName, purpose: 'leaf' }],
  );
  return {
    namespaces: [...new Set(entries.map(({ namespace = '' }) => namespace))].sort(),
    secrets,
    kinds: new Set(['Certificate']),
    issuersWithStatus: new Set(),
    makers: makersOf(entries),
  };
}

/** The kinds that make Certificates of the backup. */
export function makersOf(index: readonly IndexEntry[]): MakerKind[] {
  const makers = index.flatMap(({ maker }) =>
    maker !== undefined && MAKER_KINDS.includes(maker.kind) ? [maker.kind as MakerKind] : [],
  );
  return [...new Set(makers)].sort();
}

function isSecret(entry: IndexEntry): boolean {
  return entry.kind === 'Secret' && groupOf(entry.apiVersion) === '';
}

function kindsOf(contents: BackupContents): Set<string> {
  const { namespaces, secrets, issuers, certificates } = contents;
  return new Set([namespaces, secrets, issuers, certificates].flat().map(({ kind }) => kind));
}

/** An ACME account: the only status of an issuer that a restore writes. */
function hasAccount(status: Record<string, unknown>): boolean {
  const uri = (status.acme as { uri?: unknown } | undefined)?.uri;
  return typeof uri === 'string' && uri !== '';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
