import type { Cluster } from '../cluster/client.ts';
import { CertkeepError, EXIT } from '../model/problems.ts';
import type { Clock, Progress } from '../model/progress.ts';
import type { ClusterFlags } from './flags.ts';

/** What the outside world gives a command; tests give another one. */
export interface CliContext {
  env: NodeJS.ProcessEnv;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  stdin: AsyncIterable<Uint8Array>;
  clock: Clock;
  /** Aborted by SIGINT and SIGTERM: what is under way cleans up behind itself. */
  signal: AbortSignal;
}

/** Connects as the flags say, hands the cluster to `work`, and closes the connections whatever happens. */
export async function withCluster<T>(
  context: CliContext,
  flags: ClusterFlags,
  progress: Progress,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  // Loaded here and not above: the Kubernetes client is most of what starting costs, and `check` and `help` have no cluster.
  const { connect } = await import(/* webpackMode: "eager" */ '../cluster/connect.ts');
  const cluster = await connect({
    env: context.env,
    debug: (line) => progress.debug(line),
    ...(flags.kubeconfig === undefined ? {} : { kubeconfigPath: flags.kubeconfig }),
    ...(flags.context === undefined ? {} : { context: flags.context }),
  });
  try {
    return await work(cluster);
  } catch (error) {
    throw withAddress(error, cluster);
  } finally {
    await cluster.close();
  }
}

/** An error about the way to the cluster names the address and the context that were used. */
function withAddress(error: unknown, cluster: Cluster): unknown {
  if (!(error instanceof CertkeepError) || error.exitCode !== EXIT.unreachable) return error;
  const address = `${cluster.server}, context ${cluster.context}`;
  return new CertkeepError(error.code, `${error.message} (${address})`, error.fix, { cause: error });
}

/** The flags of a scope and of where cert-manager lives, as requests want them: absent where not given. */
export function clusterOptions(flags: ClusterFlags) {
  return {
    ...(flags.certManagerNamespace === undefined ? {} : { certManagerNamespace: flags.certManagerNamespace }),
    ...(flags.clusterResourceNamespace === undefined
      ? {}
      : { clusterResourceNamespace: flags.clusterResourceNamespace }),
    ...(flags.expectCluster === undefined ? {} : { expectCluster: flags.expectCluster }),
    ...(flags.timeout === undefined ? {} : { timeoutMs: flags.timeout }),
  };
}
