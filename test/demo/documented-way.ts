import { spawnSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import type { TestCluster } from '../cluster/api.ts';
import { apply, INGRESS, INGRESS_CERTIFICATE, waitReady } from '../support/company.ts';

/** SHA-256 of the leaf of every Certificate's Secret, by `namespace/name` of the Certificate. */
export async function fingerprints(cluster: TestCluster): Promise<Map<string, string>> {
  const { stdout } = await cluster.kubectl(['get', 'secrets', '-A', '-o', 'json']);
  const items = (
    JSON.parse(stdout) as {
      items: { metadata: { namespace: string; annotations?: Record<string, string> }; data?: Record<string, string> }[];
    }
  ).items;
  const found = new Map<string, string>();
  for (const secret of items) {
    const name = secret.metadata.annotations?.['cert-manager.io/certificate-name'];
    const pem = secret.data?.['tls.crt'];
    if (name === undefined || pem === undefined) continue;
    const leaf = new X509Certificate(Buffer.from(pem, 'base64'));
    found.set(`${secret.metadata.namespace}/${name}`, createHash('sha256').update(leaf.raw).digest('hex'));
  }
  return new Map([...found.entries()].sort());
}

export interface DocumentedResult {
  /** What kubectl said when the documented line was run as it is. */
  error: string;
  asWritten: Map<string, string>;
  edited: Map<string, string>;
}

/**
 * The backup and restore of cert-manager's own page "Backup and Restore Resources", to the letter:
 *
 *   kubectl get --all-namespaces -oyaml issuer,clusterissuer,cert > backup.yaml
 *   kubectl apply -f <(awk '!/^ *(resourceVersion|uid): [^ ]+$/' backup.yaml)
 *
 * and then, since that restores nothing, once more without the Certificate that the Ingress made.
 */
export async function documentedWay(
  source: TestCluster,
  target: TestCluster,
  directory: string,
  say: (text: string) => void,
): Promise<DocumentedResult> {
  const file = join(directory, 'backup.yaml');
  const { stdout } = await source.kubectl(['get', '--all-namespaces', '-oyaml', 'issuer,clusterissuer,cert']);
  writeFileSync(file, stdout);
  console.log('\n$ kubectl get --all-namespaces -oyaml issuer,clusterissuer,cert > backup.yaml');
  console.log("$ kubectl apply -f <(awk '!/^ *(resourceVersion|uid): [^ ]+$/' backup.yaml)");
  const stripped = awk(file);
  const first = await target.kubectl(['apply', '-f', '-'], { input: stripped, check: false });
  const error = (first.stderr.trim().split('\n')[0] ?? '').slice(0, 160);
  console.log(`  ${error}`);
  const asWritten = await fingerprints(target);
  const { stdout: left } = await target.kubectl(['get', 'certificates,issuers,clusterissuers', '-A', '-o', 'name']);
  const restored = left.split('\n').filter((line) => line !== '').length;
  say(`restored by it: ${restored} objects`);

  const documents = loadAll(stripped) as { items: { kind: string; metadata: { name: string } }[] }[];
  const items = documents.flatMap((d) => d.items).filter((item) => item.metadata.name !== INGRESS_CERTIFICATE.name);
  const list = { apiVersion: 'v1', kind: 'List', items };
  say('once more, with the Certificate of the Ingress cut out by hand, then the Ingress');
  await target.kubectl(['apply', '-f', '-'], { input: JSON.stringify(list) });
  await apply(target, [INGRESS]);
  await waitReadyExceptKeystores(target, items.filter((item) => item.kind === 'Certificate').length + 1);
  return { error: `${error} (${restored} objects restored)`, asWritten, edited: await fingerprints(target) };
}

function awk(file: string): string {
  const result = spawnSync('awk', ['!/^ *(resourceVersion|uid): [^ ]+$/', file], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (result.status === 0) return result.stdout;
  // No awk on this machine: the same rule.
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => !/^ *(resourceVersion|uid): [^ ]+$/.test(line))
    .join('\n');
}

/** The keystore's password Secret is not restored by the documented way, so that one Certificate never gets Ready. */
async function waitReadyExceptKeystores(target: TestCluster, count: number): Promise<void> {
  try {
    await waitReady(target, count, 12);
  } catch (error) {
    console.log(`  ${error instanceof Error ? error.message : String(error)}`);
  }
}
