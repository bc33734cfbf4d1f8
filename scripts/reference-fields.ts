/**
 * Writes test/fixtures/crds/references.json: which fields of cert-manager's CRDs look like references, by version. Run
 * with the versions to add (`node scripts/reference-fields.ts 1.22.0`); without, those that are there are made anew.
 * Needs Go, whose module proxy has the CRDs.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { type CrdSpec, referenceFields } from '../test/support/schema-references.ts';

/** Version → holder of the fields, as in src/refs/paths.ts → paths. */
type Fixture = Record<string, Record<string, string[]>>;

const FILE = join(import.meta.dirname, '../test/fixtures/crds/references.json');

function fieldsOf(version: string): Record<string, string[]> {
  const module = `github.com/cert-manager/cert-manager@v${version}`;
  const answer = execFileSync('go', ['mod', 'download', '-json', module], {
    encoding: 'utf8',
    cwd: import.meta.dirname,
  });
  const directory = join((JSON.parse(answer) as { Dir: string }).Dir, 'deploy', 'crds');
  const read = (plural: string): string[] => {
    const name = readdirSync(directory).find((file) => new RegExp(`[-_]${plural}\\.yaml$`).test(file));
    if (name === undefined) throw new Error(`${module} has no CRD of ${plural}`);
    // Up to 1.18 the files are Helm templates in part.
    const text = readFileSync(join(directory, name), 'utf8').replaceAll(/^.*\{\{.*\n/gm, '');
    return referenceFields((load(text) as { spec: CrdSpec }).spec);
  };
  const issuer = read('issuers');
  if (issuer.join() !== read('clusterissuers').join()) throw new Error(`${version}: Issuer and ClusterIssuer differ`);
  return { issuer, certificate: read('certificates') };
}

const old = JSON.parse(readFileSync(FILE, 'utf8')) as Fixture;
const wanted = process.argv.slice(2);
const versions = [...new Set([...Object.keys(old), ...wanted])].sort((a, b) =>
  a.localeCompare(b, 'en', { numeric: true }),
);
writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(versions.map((v) => [v, fieldsOf(v)])), null, 2)}\n`);
