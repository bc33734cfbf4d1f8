import type { Cluster } from '../cluster/client.ts';
import type { Problem } from '../model/problems.ts';
import type { IssuerScope } from './scope.ts';
import type { ClusterState } from './state.ts';

export interface EmptinessOptions {
  namespaces: readonly string[];
  selector: string;
  allowEmpty: boolean;
}

/** Empty where it should not be: namespaces that do not exist, and a scope without Certificates or issuers. */
export function emptinessProblems(
  cluster: Cluster,
  state: ClusterState,
  scope: IssuerScope,
  options: EmptinessOptions,
): Problem[] {
  const severity = options.allowEmpty ? 'warning' : 'error';
  const where = `the cluster at ${cluster.server} (context ${cluster.context === '' ? 'not named' : `"${cluster.context}"`})`;
  const problems = options.namespaces
    .filter((namespace) => !state.namespaces.has(namespace))
    .map(
      (namespace): Problem => ({
        severity,
        code: 'nothing-found',
        message: `The namespace ${namespace} does not exist in ${where}: its name is misspelt, or this is another cluster than you mean.`,
        fix: 'Correct --namespace or --context; --allow-empty accepts it.',
        object: `Namespace/${namespace}`,
      }),
    );
  if (state.certificates.length > 0) return problems;
  const scopeText = scopeWords(options);
  if (scope.issuers.length > 0) {
    problems.push({
      severity: 'warning',
      code: 'nothing-found',
      message: `There are issuers but not a single Certificate in ${scopeText} of ${where}.`,
      fix: 'Check that this is the cluster that you mean.',
    });
  } else {
    problems.push({
      severity,
      code: 'nothing-found',
      message: `There is neither a Certificate nor an issuer in ${scopeText} of ${where}. ${likelyCause(options)}`,
      fix: 'Check --context and --kubeconfig, --namespace and --selector; --allow-empty writes an empty backup.',
    });
  }
  return problems;
}

function scopeWords(options: EmptinessOptions): string {
  const namespaces =
    options.namespaces.length === 0
      ? 'all namespaces'
      : `the namespace(s) ${[...options.namespaces].sort().join(', ')}`;
  return options.selector === '' ? namespaces : `${namespaces} (Certificates selected by ${options.selector})`;
}

function likelyCause(options: EmptinessOptions): string {
  if (options.selector !== '') return 'The selector fits no Certificate, or this is another cluster than you mean.';
  return 'The context points to another cluster than you mean, or cert-manager was installed and never used.';
}
