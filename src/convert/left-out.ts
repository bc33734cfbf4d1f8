import type { Problem, ProblemCode } from '../model/problems.ts';

/** Findings that the conversion mends, and how. */
const MENDED: Partial<Record<ProblemCode, string>> = {
  'requests-included': 'It was left out of the objects to restore.',
  'webhook-ca-included': 'It was left out.',
  'temporary-key-included': 'It was left out.',
  'stale-owner':
    'The owner references were taken off; a Certificate that an Ingress makes is recorded and not restored.',
  'shim-certificate-included': 'It is recorded and not restored: its Secret is, and cert-manager makes it anew.',
  'cluster-metadata': 'They were taken off.',
  'restore-order': 'certkeep restores Secrets first, whatever their order was here.',
  'status-not-restored': 'The status is in the converted backup, where this one had it, and certkeep restores it.',
  'crds-left-out': 'certkeep restores into a cluster where cert-manager is installed.',
  'deployment-before-rbac': 'cert-manager itself is not in the converted backup: install it on the target first.',
};

/** Findings that are made anew of the converted backup, as it would be restored. */
const JUDGED_ANEW: ReadonlySet<ProblemCode> = new Set([
  'would-be-reissued',
  'certificate-in-issuance',
  'renewal-due',
  'undecidable',
  'prerequisite',
  'shared-secret',
  'key-mismatch',
  'temporary-certificate',
]);

/** What is still to be said of somebody else's backup once it has been converted. */
export function afterConversion(problems: readonly Problem[]): Problem[] {
  return problems
    .filter(({ code }) => !JUDGED_ANEW.has(code))
    .map((problem) => {
      const mended = MENDED[problem.code];
      return mended === undefined ? problem : { ...problem, severity: 'note', fix: mended };
    });
}
