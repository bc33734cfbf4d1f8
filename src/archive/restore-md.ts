import type { IndexEntry, ManifestHeader } from '../model/backup.ts';
import { FILE, SEALED } from './stages.ts';

/** What RESTORE.md is made from. Nothing that depends on where the backup lies, since the manifest holds its digest. */
export interface RestoreMdInput {
  header: ManifestHeader;
  /** Names on disk of all files of the backup but manifest.json and RESTORE.md. */
  files: readonly string[];
  /** `Ingress shop/front`: what makes the Certificates in derived/. */
  makers: readonly string[];
}

const TIMEOUT = '120s';

/**
 * The text of RESTORE.md: how to restore this very backup with certkeep, and by hand with kubectl. Blocks fenced as `bash`
 * are the way by hand: run in their order, in the backup's directory, they restore it. Blocks fenced as `sh` use certkeep.
 */
export function restoreMd({ header, files, makers }: RestoreMdInput): string {
  const has = (file: string): boolean => files.includes(file) || files.includes(file + SEALED);
  const sealed = files.some((file) => file.endsWith(SEALED));
  return [
    title(header),
    header.restorable ? '' : NOT_RESTORABLE,
    withCertkeep(sealed, makers, header.scope.include),
    byHandIntro(header, sealed),
    ...(sealed ? [SEALED_CHECK] : []),
    ...steps(files),
    afterwards(has(FILE.derived), makers),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

const COUNTED: Readonly<Record<string, string>> = {
  namespaces: 'namespaces',
  crds: 'CRDs',
  secrets: 'Secrets',
  issuers: 'issuers',
  certificates: 'Certificates',
  derived: 'Certificates that another object makes',
};

function title(header: ManifestHeader): string {
  const facts = Object.entries(COUNTED)
    .map(([section, words]) => [header.counts[section] ?? 0, words] as const)
    .filter(([n]) => n > 0)
    .map(([n, words]) => `${n} ${words}`);
  return `# How to restore this backup

| | |
| --- | --- |
| made | ${header.createdAt} by certkeep ${plain(header.tool.version)} |
| cluster | ${plain(header.cluster.uid)} (uid of the namespace kube-system) |
| cert-manager | ${plain(header.certManager.version) || 'version not known'} |
| holds | ${facts.join(', ')} |
| Secrets | ${header.secrets} |
| encryption | ${header.encryption} |`;
}

const NOT_RESTORABLE = `> **Not all Secrets are in this backup.** Restored as it is, every Certificate whose Secret does not exist on the target
> cluster would be issued anew. Bring those Secrets there first.`;

function withCertkeep(sealed: boolean, makers: readonly string[], include: readonly string[]): string {
  const identity = sealed ? ' --identity-file "$AGE_IDENTITY"' : '';
  // Kinds of other groups are restored only where they are named again.
  const included = include.map((what) => ` --include ${plain(what)}`).join('');
  const between =
    makers.length === 0
      ? ''
      : `\`\`\`

Then bring back what makes the other Certificates, the way that it came to the cluster: ${makerList(makers)}.
\`certkeep restore\` has put their Secrets there, so nothing is issued anew; it ends with 8 where they are not back yet.

\`\`\`sh
`;
  return `## With certkeep

certkeep also restores status and field ownership, refuses to overwrite what differs, and proves the result.

\`\`\`sh
certkeep check .${identity}
certkeep plan .${identity}${included}
certkeep restore .${identity}${included}
${between}certkeep verify .${identity}
\`\`\``;
}

const LISTED = 20;

/** `Ingress shop/front`, …; at most twenty, the rest is counted. */
function makerList(makers: readonly string[]): string {
  const shown = makers.slice(0, LISTED).map((maker) => `\`${plain(maker)}\``);
  const more = makers.length > LISTED ? ` and ${makers.length - LISTED} more (\`maker\` in ${FILE.index})` : '';
  return shown.join(', ') + more;
}

function byHandIntro(header: ManifestHeader, sealed: boolean): string {
  const version = header.certManager.version === '' ? '' : ` (the backup is from ${plain(header.certManager.version)})`;
  return `## By hand, with kubectl

What you need: kubectl 1.24 or later whose current context is the target cluster${sealed ? ', the program `age`, and the path of the identity file in the variable `AGE_IDENTITY`' : ''}; cert-manager
running there, its webhook included${version}. Run the blocks in bash, one after the other, in the directory of this
file, and stop where one fails. The controller may run: a Certificate is not issued anew if its Secret was there first.
That is why the order of the files is the order of the restore; never apply two of them at once, nor the directory.

What kubectl cannot bring back is status. Each Certificate begins again without a revision, which counts from 1 at its next renewal,
and a brake after failed issuances is lifted. The objects belong to the field manager \`kubectl\`, as after every server-side
\`kubectl apply\`; where Helm or Argo CD managed them, its next apply may report conflicts. cert-manager
takes its fields of each Secret over and may write keystores anew; certificates and keys stay.`;
}

const SEALED_CHECK = `First see that the identity fits. Nothing is written.

\`\`\`bash
(
  : "\${AGE_IDENTITY:?set it to the path of the age identity file}"
  for file in $(find . -name '*.age' | sort); do age -d -i "$AGE_IDENTITY" "$file" > /dev/null || exit 1; done
)
\`\`\``;

interface Step {
  file: string;
  heading: string;
  words: string;
  /** Not part of the usual way, so its block is not fenced as bash. */
  unusual?: boolean;
  /** Commands after the apply; INPUT stands for the source of `-f`. */
  after: (read: (command: string) => string) => string[];
}

const STEPS: readonly Step[] = [
  {
    file: FILE.namespaces,
    heading: 'Namespaces',
    words:
      'Labels and annotations that a namespace of this name already has stay as they are unless they differ; then kubectl stops.',
    after: () => [],
  },
  {
    file: FILE.crds,
    heading: 'Custom resource definitions',
    words:
      'Not needed where cert-manager is installed, whose own installation brings them; kept for the record and for other groups.',
    unusual: true,
    after: (read) => [read(`kubectl wait --for=condition=Established --timeout=${TIMEOUT} -f`)],
  },
  {
    file: FILE.secrets,
    heading: 'Secrets',
    words:
      'All of them are read back before anything else is written: what cert-manager does not see when its Certificate arrives, it issues anew.',
    after: (read) => [`${read('kubectl get -o name -f')} > /dev/null`, 'sleep 5'],
  },
  {
    file: FILE.issuers,
    heading: 'Issuers',
    words: 'They need not become ready before the next step.',
    after: (read) => [`${read('kubectl get -o name -f')} > /dev/null`],
  },
  {
    file: FILE.certificates,
    heading: 'Certificates',
    words: 'Only now.',
    after: (read) => [read('kubectl get -f')],
  },
];

function steps(files: readonly string[]): string[] {
  const present = STEPS.filter(({ file }) => files.includes(file) || files.includes(file + SEALED));
  return present.map((step, i) => {
    const isSealed = files.includes(step.file + SEALED);
    const read = (command: string): string =>
      isSealed ? `age -d -i "$AGE_IDENTITY" ${step.file}${SEALED} | ${command} -` : `${command} ${step.file}`;
    const body = [read('kubectl apply --server-side -f'), ...step.after(read)];
    // A subshell: a failure must neither close an interactive shell nor leave its options changed.
    const commands = isSealed ? ['(', ...['set -eo pipefail', ...body].map((line) => `  ${line}`), ')'] : body;
    return `### ${i + 1}. ${step.heading}\n\n${step.words}\n\n\`\`\`${step.unusual ? 'sh' : 'bash'}\n${commands.join('\n')}\n\`\`\``;
  });
}

function afterwards(hasDerived: boolean, makers: readonly string[]): string {
  const derived = hasDerived
    ? `Certificates in \`${FILE.derived}\` are not applied: an Ingress, Gateway or ListenerSet makes them. Bring that one back now, after
the Secrets; cert-manager then makes the Certificate anew and finds its Secret in place.${makers.length === 0 ? '' : ` These are: ${makerList(makers)}.`}\n\n`
    : '';
  return `## Afterwards

${derived}No CertificateRequest should be younger than this restore: \`kubectl get certificaterequests --all-namespaces\`.
\`certkeep verify\` compares every leaf certificate with the one in this backup. Files under \`state/\` are for certkeep, never for kubectl.`;
}

/** Text that came from a cluster, made harmless for Markdown. */
function plain(text: string): string {
  return text.replace(/[^\w.+:/ -]/g, '?');
}

/** `Ingress shop/front`: what makes the derived Certificates, each once. */
export function makersOf(index: readonly IndexEntry[]): string[] {
  const names = index.flatMap(({ maker, namespace }) =>
    maker === undefined ? [] : [`${maker.kind} ${namespace ?? ''}/${maker.name}`],
  );
  return [...new Set(names)].sort();
}
