import { rbacCommand } from './command.ts';
import type { Manifest, Rule } from './manifests.ts';
import type { RightsOptions } from './options.ts';

const WIDTH = 110;

/** The manifests as YAML for `kubectl apply -f -`, with what each rule is for as comments, and a head in words. */
export function yamlOf(manifests: readonly Manifest[], options: RightsOptions, bound: boolean): string {
  return `${[head(options, bound), ...manifests.map(document)].join('---\n')}`;
}

/** The same as one JSON List. */
export function listOf(manifests: readonly Manifest[]): Record<string, unknown> {
  return { apiVersion: 'v1', kind: 'List', items: manifests.map(({ reasons: _, ...object }) => object) };
}

function head(options: RightsOptions, bound: boolean): string {
  const { use, baseline, namespaces, known } = options;
  const sentences = [
    `The rights that certkeep needs for ${use}, and no others: ${rbacCommand(options)}`,
    baseline === 'requests'
      ? 'Nothing of Secrets is read: the leaf comes from the current CertificateRequest, and keys are not compared.'
      : 'Kubernetes has no right to read a fingerprint only: reading the leaf of a Certificate means reading its Secret, private key included. Whoever has these rights can read the keys.',
    ...(baseline === 'secrets' && (use === 'backup' || use === 'verify')
      ? ['With --baseline requests nothing of Secrets is read, and less is proved.']
      : []),
    ...(use === 'restore'
      ? [
          'Whoever can create or patch Secrets and issuers everywhere can have any certificate: bind this for the time of the restore only.',
        ]
      : []),
    ...(known === undefined && namespaces.length === 0 && baseline === 'secrets' && use !== 'resume'
      ? ['--from BACKUP narrows the Secrets to those that a backup knows by name; --namespace to some namespaces.']
      : []),
    ...(namespaces.length > 0 && use === 'restore'
      ? ['The namespaces have to exist before these Roles can be created in them.']
      : []),
    'Besides, it asks the API server for its version and its API groups, and whether rights are there (SelfSubjectAccessReview): every authenticated user may, by the default roles of Kubernetes.',
    ...(use === 'verify' || use === 'restore'
      ? ["Not needed, and so not in here: list events, which adds cert-manager's own words on why it issued."]
      : []),
    ...(bound
      ? []
      : ['Nobody is bound to them yet: --service-account NAMESPACE/NAME or --user NAME adds the bindings.']),
  ];
  return sentences.flatMap((sentence) => folded(sentence, '# ')).join('');
}

function document(manifest: Manifest): string {
  const { apiVersion, kind, metadata, rules, reasons, roleRef, subjects } = manifest;
  const namespace = metadata.namespace === undefined ? '' : `  namespace: ${scalar(metadata.namespace)}\n`;
  const lines = [`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${scalar(metadata.name)}\n${namespace}`];
  if (rules !== undefined) {
    lines.push(
      'rules:\n',
      ...rules.map((rule, i) => `${folded(reasons?.[i] ?? '', '  # ').join('')}${ruleText(rule)}`),
    );
  }
  if (roleRef !== undefined) lines.push(`roleRef:\n${fields(roleRef, '  ')}`);
  for (const subject of subjects ?? []) lines.push(`subjects:\n  - ${fields(subject, '    ').trimStart()}`);
  return lines.join('');
}

function ruleText({ apiGroups, resources, resourceNames, verbs }: Rule): string {
  const names = resourceNames === undefined ? '' : `    resourceNames: ${flow(resourceNames)}\n`;
  return `  - apiGroups: ${flow(apiGroups)}\n    resources: ${flow(resources)}\n${names}    verbs: ${flow(verbs)}\n`;
}

function fields(object: Record<string, string>, indent: string): string {
  return Object.entries(object)
    .map(([key, value]) => `${indent}${key}: ${scalar(value)}\n`)
    .join('');
}

function flow(values: readonly string[]): string {
  return `[${values.map(scalar).join(', ')}]`;
}

/** JSON is YAML: whatever could be read as something else than the text it is stands in quotes. */
function scalar(value: string): string {
  return /^[a-z][a-z0-9./-]*$/i.test(value) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value)
    ? value
    : JSON.stringify(value);
}

function folded(text: string, prefix: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && prefix.length + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].filter((one) => one !== '').map((one) => `${prefix}${one}\n`);
}
