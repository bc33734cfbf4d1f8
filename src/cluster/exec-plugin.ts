import { spawn } from 'node:child_process';
import type { Credential } from './credential.ts';

/** A credential plugin of a kubeconfig (client.authentication.k8s.io), ready to run. */
export interface ExecPlugin {
  command: string;
  args: string[];
  /** Its whole environment. */
  env: Record<string, string>;
}

/** Why there is no credential. The message names no output of the plugin: stdout may be a token. */
export class PluginError extends Error {
  readonly missing: boolean;

  constructor(message: string, missing: boolean, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'PluginError';
    this.missing = missing;
  }
}

/** Nobody can type an answer; whoever waits longer waits for that. */
const TIMEOUT_MS = 120_000;

/**
 * Variables that a plugin must not see: inputs of the Action and keys of this program, and the tokens of the runner, with
 * which it could act as the job. Everything else of the environment, a cloud provider's login for one, is its own affair.
 */
const NOT_FOR_PLUGINS = /^(INPUT_.*|CERTKEEP_.*|ACTIONS_.*|(GITHUB|GH|RUNNER)_([A-Z_]+_)?TOKEN)$/i;

/** The `exec` of a user entry as it has to be run; undefined where it names no command. */
export function execPlugin(
  exec: unknown,
  cluster: { server: string; caData?: string; skipTLSVerify: boolean; tlsServerName?: string },
  env: Record<string, string | undefined>,
): ExecPlugin | undefined {
  const { command, args, env: own, apiVersion, provideClusterInfo } = (exec ?? {}) as Record<string, unknown>;
  if (typeof command !== 'string' || command === '') return undefined;
  const info = {
    apiVersion: typeof apiVersion === 'string' ? apiVersion : 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: {
      interactive: false,
      ...(provideClusterInfo !== true ? {} : { cluster: clusterInfo(cluster) }),
    },
  };
  const inherited = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const added = (Array.isArray(own) ? own : []) as { name?: unknown; value?: unknown }[];
  return {
    command,
    args: Array.isArray(args) ? args.map(String) : [],
    env: {
      ...Object.fromEntries(inherited.filter(([name]) => !NOT_FOR_PLUGINS.test(name))),
      ...Object.fromEntries(added.map(({ name, value }) => [String(name), String(value ?? '')])),
      KUBERNETES_EXEC_INFO: JSON.stringify(info),
    },
  };
}

function clusterInfo(cluster: Parameters<typeof execPlugin>[1]) {
  return {
    server: cluster.server,
    ...(cluster.caData === undefined ? {} : { 'certificate-authority-data': cluster.caData }),
    ...(cluster.tlsServerName === undefined ? {} : { 'tls-server-name': cluster.tlsServerName }),
    ...(cluster.skipTLSVerify ? { 'insecure-skip-tls-verify': true } : {}),
  };
}

/** Runs the plugin. Throws PluginError. */
export async function runPlugin(plugin: ExecPlugin): Promise<Credential> {
  const output = await outputOf(plugin);
  let status: Record<string, unknown> | undefined;
  try {
    status = (JSON.parse(output) as { status?: Record<string, unknown> }).status;
  } catch {
    throw new PluginError('its answer is no JSON', false);
  }
  const text = (field: string): string => (typeof status?.[field] === 'string' ? status[field] : '');
  const expires = Date.parse(text('expirationTimestamp'));
  const credential = {
    token: text('token'),
    certificate: text('clientCertificateData'),
    key: text('clientKeyData'),
    expires: Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires,
  };
  if (credential.token === '' && (credential.certificate === '' || credential.key === '')) {
    throw new PluginError('its answer holds neither a token nor a certificate with its key', false);
  }
  return credential;
}

function outputOf({ command, args, env }: ExecPlugin): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: TIMEOUT_MS });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(new PluginError(`it could not be started (${error.code ?? 'error'})`, error.code === 'ENOENT'));
    });
    child.once('close', (code, signal) => {
      if (code === 0) resolve(stdout);
      else {
        const how = signal === null ? `it ended with ${code}` : `it was ended by ${signal}`;
        // Shown with --verbose only: most plugins say there what is wrong.
        reject(new PluginError(how, false, { cause: new Error(stderr.trim().slice(0, 2000)) }));
      }
    });
  });
}
