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
      severity,
      code: 'nothing-found',
      message: `There are issuers but not a single Certificate in ${scopeText} of ${where}. They were deleted, or this is another cluster than you mean.`,
      fix: 'Check --context and --kubeconfig, --namespace and --selector; --allow-empty backs up the issuers alone.',
    });
  } else {
    problems.push({
      severity,
      code: 'nothing-found',
      message: nothing(options, scopeText, where),
      fix: 'Check --context and --kubeconfig, --namespace and --selector; --allow-empty writes an empty backup.',
    });
  }
  return problems;
}

/** What is not there, in words that hold also where issuers exist that this scope leaves out. */
function nothing(options: EmptinessOptions, scopeText: string, where: string): string {
  if (options.selector !== '') {
    return `There is no Certificate in ${scopeText} of ${where}, and with a selector only the issuers that its Certificates use belong to a backup. The selector fits nothing, or this is another cluster than you mean.`;
  }
  const what = options.namespaces.length === 0 ? 'issuer' : 'Issuer';
  return `There is neither a Certificate nor an ${what} in ${scopeText} of ${where}. The context points to another cluster than you mean, or cert-manager was installed and never used${options.namespaces.length === 0 ? '' : ' there'}.`;
}

function scopeWords(options: EmptinessOptions): string {
  const namespaces =
    options.namespaces.length === 0
      ? 'all namespaces'
      : `the ${options.namespaces.length === 1 ? 'namespace' : 'namespaces'} ${[...options.namespaces].sort().join(', ')}`;
  return options.selector === '' ? namespaces : `${namespaces} (Certificates selected by ${options.selector})`;
}
