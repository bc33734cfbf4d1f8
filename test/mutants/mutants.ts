/** One deliberate fault in the restore, and the test that must notice it. */
export interface Mutant {
  name: string;
  /** What is broken, for the table. */
  what: string;
  /** Source file, and the text in it that is replaced; it must occur exactly once. */
  file: string;
  find: string;
  replace: string;
  /** Part of the name of a test in test/e2e/restore.test.ts that must fail. */
  noticedBy: string;
}

const STAGES = '{ namespaces: 10, crds: 20, secrets: 30, issuers: 40, certificates: 50 }';
const LABELS = "{ ...object.metadata.labels, [FAO_LABEL]: 'true' }";

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'certificates-first',
    what: 'Certificates are written before their Secrets',
    file: 'src/restore/order.ts',
    find: STAGES,
    replace: '{ namespaces: 10, crds: 20, secrets: 50, issuers: 40, certificates: 30 }',
    noticedBy: 'makes cert-manager request nothing',
  },
  {
    name: 'issuers-first',
    what: 'issuers are written before their Secrets',
    file: 'src/restore/order.ts',
    find: STAGES,
    replace: '{ namespaces: 10, crds: 20, secrets: 40, issuers: 30, certificates: 50 }',
    noticedBy: 'writes in order',
  },
  {
    name: 'no-fao-label',
    what: 'leaf Secrets lose their fao label',
    file: 'src/restore/actions.ts',
    find: `const labels = ${LABELS};`,
    replace: 'const { [FAO_LABEL]: _, ...labels } = object.metadata.labels ?? {};',
    noticedBy: 'writes each Secret with its fao label',
  },
  {
    name: 'fao-label-false',
    what: 'the fao label has another value',
    file: 'src/restore/actions.ts',
    find: LABELS,
    replace: "{ ...object.metadata.labels, [FAO_LABEL]: 'false' }",
    noticedBy: 'makes cert-manager request nothing',
  },
  {
    name: 'owner-references',
    what: 'owner references are carried over',
    file: 'src/restore/actions.ts',
    find: 'const object = prepared(source, isLeaf);',
    replace: `const object = prepared(source, isLeaf);
    const owners = contents.index.find((entry) => recordKey(entry) === key)?.ownerReferences ?? [];
    if (owners.length > 0) object.metadata.ownerReferences = owners;`,
    noticedBy: 'carries no owner over',
  },
  {
    name: 'neighbour-first',
    what: 'of two Certificates that share a Secret, the wrong one comes first',
    file: 'src/restore/order.ts',
    find: 'behindOwner ? 1 : 0',
    replace: 'behindOwner ? 0 : 1',
    noticedBy: 'are restored with the one first that the Secret names',
  },
  {
    name: 'no-status',
    what: 'no status is written back',
    file: 'src/restore/apply.ts',
    find: 'if (ours && item.status !== undefined) {',
    replace: 'if (ours && item.status === null) {',
    noticedBy: 'gives the revision back',
  },
  {
    name: 'one-manager',
    what: 'everything is written under one field manager',
    file: 'src/restore/managers.ts',
    find: 'const manager = only?.manager || OWN_MANAGER;',
    replace: 'const manager = OWN_MANAGER;',
    noticedBy: 'leaves the fields of every object with the managers',
  },
];
