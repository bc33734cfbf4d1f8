import { type Cluster, HttpCluster } from './client.ts';
import { loadKubeconfig } from './kubeconfig.ts';
import { proxyFromEnvironment } from './proxy.ts';
import { Transport } from './transport.ts';

export interface ConnectOptions {
  kubeconfigPath?: string;
  /** The kubeconfig itself, as YAML or JSON; wins over the path. */
  kubeconfigText?: string;
  /** Default: the kubeconfig's current-context. */
  context?: string;
  /** KUBECONFIG, HOME, HTTPS_PROXY, NO_PROXY, KUBERNETES_SERVICE_HOST and _PORT are read from here. */
  env: Record<string, string | undefined>;
  /** Where a Pod finds its service account; tests name another directory. */
  serviceAccountDirectory?: string;
  /** Longest silence of the server in milliseconds; 60 s unless told otherwise. */
  requestTimeoutMs?: number;
  /** One line for each request: verb, path, status, milliseconds. */
  debug?: (line: string) => void;
}

const REQUEST_TIMEOUT_MS = 60_000;

/**
 * A connection to the API server of a kubeconfig's context. Reads files and runs a credential plugin, but sends nothing
 * yet. Throws CertkeepError `bad-kubeconfig`. The caller closes it.
 */
export async function connect(options: ConnectOptions): Promise<Cluster> {
  const load = () => loadKubeconfig(options);
  const loaded = load();
  const proxy = loaded.proxyUrl ?? proxyFromEnvironment(new URL(loaded.server), options.env);
  const transport = new Transport(load, loaded, proxy);
  await transport.prepare();
  return new HttpCluster(transport, {
    server: loaded.server,
    context: loaded.context,
    timeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    debug: options.debug,
  });
}
