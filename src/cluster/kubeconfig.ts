import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { load as parseYaml } from 'js-yaml';
import { CertkeepError } from '../model/problems.ts';
import { type Credential, kept } from './credential.ts';
import { execPlugin, runPlugin } from './exec-plugin.ts';
import { oidcLogin, oidcToken } from './oidc.ts';

/** Where a kubeconfig may come from; see `loadKubeconfig` for the order. */
export interface KubeconfigSource {
  kubeconfigPath?: string;
  kubeconfigText?: string;
  context?: string;
  env: Record<string, string | undefined>;
  /** Where a Pod finds its service account; tests name another directory. */
  serviceAccountDirectory?: string;
}

/** A kubeconfig with its current context chosen, and what client-node leaves out of it. */
export interface LoadedKubeconfig {
  config: KubeConfig;
  server: string;
  context: string;
  /** proxy-url of the cluster entry. */
  proxyUrl: string | undefined;
  /** Headers for `as-groups`, `as-uid` and `as-user-extra`, which client-node does not send. */
  impersonation: Record<string, string | string[]>;
  /** Command of the exec plugin, for messages; '' where there is none. */
  plugin: string;
  /**
   * What a plugin or an OIDC login gives; undefined where there is neither. client-node would run a plugin with the whole
   * environment, and cannot renew an OIDC token.
   */
  credential: (() => Promise<Credential>) | undefined;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Reads the kubeconfig the way kubectl does: the given text or path, else KUBECONFIG (several files: the first entry of
 * a name wins), else `$HOME/.kube/config`, else the service account of the pod. Throws CertkeepError `bad-kubeconfig`.
 */
export function loadKubeconfig(source: KubeconfigSource): LoadedKubeconfig {
  const files = sources(source);
  const config = new KubeConfig();
  const raw: RawUser[] = [];
  if (files.length === 0) {
    loadInCluster(config, source.env, source.serviceAccountDirectory ?? SERVICE_ACCOUNT);
  } else {
    for (const file of files) mergeFile(config, raw, file);
  }
  return choose(config, raw, source, files[0]?.label ?? 'service account of this pod');
}

interface SourceFile {
  /** How messages call it. */
  label: string;
  text: string;
  /** Directory that relative paths start from; undefined for text. */
  directory: string | undefined;
}

function sources(source: KubeconfigSource): SourceFile[] {
  if (source.kubeconfigText !== undefined) {
    return [{ label: 'kubeconfig given as text', text: source.kubeconfigText, directory: undefined }];
  }
  if (source.kubeconfigPath !== undefined && source.kubeconfigPath !== '') return [read(source.kubeconfigPath)];
  const listed = (source.env.KUBECONFIG ?? '').split(path.delimiter).filter((file) => file !== '');
  if (listed.length > 0) {
    // kubectl skips the files of the list that do not exist, as long as one does.
    const existing = listed.filter((file) => existsSync(file));
    return (existing.length > 0 ? existing : listed).map(read);
  }
  const home = source.env.HOME ?? source.env.USERPROFILE ?? '';
  const usual = path.join(home, '.kube', 'config');
  if (home !== '' && existsSync(usual)) return [read(usual)];
  const account = source.serviceAccountDirectory ?? SERVICE_ACCOUNT;
  if (existsSync(`${account}/token`) && source.env.KUBERNETES_SERVICE_HOST !== undefined) return [];
  throw new CertkeepError(
    'bad-kubeconfig',
    `There is no kubeconfig: none was given, KUBECONFIG is not set and ${home === '' ? 'there is no home directory' : `${usual} does not exist`}.`,
    'Give one with --kubeconfig FILE, or set KUBECONFIG.',
  );
}

function read(file: string): SourceFile {
  try {
    return {
      label: `kubeconfig ${file}`,
      text: readFileSync(file, 'utf8'),
      directory: path.dirname(path.resolve(file)),
    };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === 'ENOENT'
        ? 'does not exist'
        : code === 'EACCES'
          ? 'may not be read by this user'
          : code === 'EISDIR'
            ? 'is a directory'
            : `could not be read (${code})`;
    throw new CertkeepError(
      'bad-kubeconfig',
      `The kubeconfig ${file} ${why}.`,
      'Check the path given with --kubeconfig or in KUBECONFIG.',
      { cause: error },
    );
  }
}

interface RawUser {
  name: string;
  asGroups: string[];
  asUid: string;
  asExtra: Record<string, string[]>;
  /** Absolute, except in a kubeconfig given as text. */
  tokenFile: string;
}

function mergeFile(config: KubeConfig, raw: RawUser[], file: SourceFile): void {
  const parsed = parse(file);
  const part = new KubeConfig();
  try {
    part.loadFromString(file.text);
  } catch (error) {
    // client-node's own words ("users[0].name is missing") name a field, never a value; a file error may not.
    const own =
      error instanceof Error && /^[a-z]+\[\d+\]\.[a-z.]+ is missing$/.test(error.message) ? error.message : '';
    throw new CertkeepError(
      'bad-kubeconfig',
      `The ${file.label} is damaged${own === '' ? '' : `: ${own}`}.`,
      'Compare it with a kubeconfig that kubectl accepts: kubectl config view --kubeconfig FILE.',
    );
  }
  if (file.directory !== undefined) {
    part.makePathsAbsolute(file.directory);
    for (const user of part.users) {
      makeCommandAbsolute(user.exec, file.directory);
      makeAuthorityAbsolute(user.authProvider, file.directory);
    }
  }
  // Of entries with the same name the first one wins, as in kubectl; client-node would throw.
  const fresh = <T extends { name: string }>(known: T[], more: T[]): T[] =>
    more.filter((entry) => !known.some((k) => k.name === entry.name));
  config.clusters = [...config.clusters, ...fresh(config.clusters, part.clusters)];
  config.contexts = [...config.contexts, ...fresh(config.contexts, part.contexts)];
  config.users = [...config.users, ...fresh(config.users, part.users)];
  if (!config.currentContext && part.currentContext) config.currentContext = part.currentContext;
  raw.push(...fresh(raw, rawUsers(parsed, file.directory)));
}

/** kubectl runs a plugin whose command holds a slash from the directory of the kubeconfig. */
function makeCommandAbsolute(exec: unknown, directory: string): void {
  const plugin = exec as { command?: unknown } | undefined | null;
  if (typeof plugin?.command === 'string' && plugin.command.includes('/') && !path.isAbsolute(plugin.command)) {
    plugin.command = path.join(directory, plugin.command);
  }
}

function makeAuthorityAbsolute(provider: unknown, directory: string): void {
  const config = (provider as { config?: Record<string, unknown> } | undefined | null)?.config;
  const file = config?.['idp-certificate-authority'];
  if (config !== undefined && typeof file === 'string' && file !== '') {
    config['idp-certificate-authority'] = path.resolve(directory, file);
  }
}

function parse(file: SourceFile): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = file.text.trim() === '' ? undefined : parseYaml(file.text);
  } catch (error) {
    // The parser's message quotes the lines around the fault, which may hold a token: only the line number is told.
    const line = (error as { mark?: { line?: unknown } }).mark?.line;
    throw new CertkeepError(
      'bad-kubeconfig',
      `The ${file.label} is not YAML${typeof line === 'number' ? `: the fault is near line ${line + 1}` : ''}.`,
      'It may have been cut off, or pasted into a workflow secret with the wrong indentation. Write it anew.',
    );
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new CertkeepError(
      'bad-kubeconfig',
      `The ${file.label} ${file.text.trim() === '' ? 'is empty' : 'holds no configuration'}.`,
      'In a workflow, an empty kubeconfig usually means that the secret of that name is not set for this repository or event.',
    );
  }
  return parsed as Record<string, unknown>;
}

function absolute(file: unknown, directory: string | undefined): string {
  if (typeof file !== 'string' || file === '') return '';
  return directory === undefined ? file : path.resolve(directory, file);
}

function rawUsers(parsed: Record<string, unknown>, directory: string | undefined): RawUser[] {
  const users = Array.isArray(parsed.users)
    ? (parsed.users as { name?: unknown; user?: Record<string, unknown> }[])
    : [];
  return users.map((entry) => ({
    name: String(entry?.name ?? ''),
    asGroups: Array.isArray(entry?.user?.['as-groups']) ? (entry.user['as-groups'] as unknown[]).map(String) : [],
    asUid: String(entry?.user?.['as-uid'] ?? ''),
    asExtra: (entry?.user?.['as-user-extra'] as Record<string, string[]> | undefined) ?? {},
    tokenFile: absolute(entry?.user?.tokenFile, directory),
  }));
}

function loadInCluster(config: KubeConfig, env: Record<string, string | undefined>, directory: string): void {
  const host = env.KUBERNETES_SERVICE_HOST ?? '';
  config.loadFromOptions({
    clusters: [
      {
        name: 'in-cluster',
        server: `https://${host.includes(':') ? `[${host}]` : host}:${env.KUBERNETES_SERVICE_PORT ?? '443'}`,
        caFile: `${directory}/ca.crt`,
        skipTLSVerify: false,
      },
    ],
    users: [{ name: 'in-cluster', authProvider: { name: 'tokenFile', config: { tokenFile: `${directory}/token` } } }],
    contexts: [{ name: 'in-cluster', cluster: 'in-cluster', user: 'in-cluster' }],
    currentContext: 'in-cluster',
  });
}

function choose(config: KubeConfig, raw: RawUser[], source: KubeconfigSource, label: string): LoadedKubeconfig {
  const known = config.contexts.map((c) => c.name);
  const name = source.context !== undefined && source.context !== '' ? source.context : config.currentContext;
  if (!name) {
    throw new CertkeepError(
      'bad-kubeconfig',
      `The ${label} has no current-context.`,
      known.length === 0
        ? 'It names no context at all; write it anew.'
        : `Choose one with --context: ${known.join(', ')}.`,
    );
  }
  const context = config.contexts.find((c) => c.name === name);
  if (context === undefined) {
    throw new CertkeepError(
      'bad-kubeconfig',
      `There is no context "${name}" in the ${label}.`,
      known.length === 0
        ? 'It names no context at all; write it anew.'
        : `Choose one of these with --context: ${known.join(', ')}.`,
    );
  }
  config.setCurrentContext(name);
  const cluster = config.clusters.find((c) => c.name === context.cluster);
  const server = URL.parse(cluster?.server ?? '');
  if (cluster === undefined || server === null || !/^https?:$/.test(server.protocol)) {
    throw new CertkeepError(
      'bad-kubeconfig',
      `Context "${name}" in the ${label} leads to no usable cluster entry: "${context.cluster}" ${cluster === undefined ? 'does not exist' : 'has no http(s) URL as its server'}.`,
      'Correct the kubeconfig, or choose another context with --context.',
    );
  }
  // client-node refuses plain http unless told that there is no TLS to verify; kubectl talks to `kubectl proxy` so.
  if (server.protocol === 'http:') Object.assign(cluster, { skipTLSVerify: true });
  if (context.user === undefined) {
    // Without a user entry client-node would leave out the CA as well.
    Object.assign(context, { user: '' });
    config.users = [...config.users, { name: '' }];
  }
  const user = config.users.find((u) => u.name === context.user);
  if (user === undefined) {
    throw new CertkeepError(
      'bad-kubeconfig',
      `Context "${name}" in the ${label} names the user "${context.user}", which does not exist there.`,
      'Correct the kubeconfig, or choose another context with --context.',
    );
  }
  const rawUser = raw.find((u) => u.name === context.user);
  const tokenFile = rawUser?.tokenFile ?? '';
  const provider = user.authProvider as { name?: unknown; config?: Record<string, unknown> } | undefined;
  const exec = user.exec ?? provider?.config?.exec;
  const plugin = execPlugin(exec, cluster, source.env);
  const isOidc = plugin === undefined && provider?.name === 'oidc';
  if (plugin !== undefined || isOidc) replaceUser(config, user, withoutLogin(user));
  else if (tokenFile !== '') replaceUser(config, user, withTokenFile(user, tokenFile));
  return {
    config,
    server: cluster.server,
    context: name,
    proxyUrl: cluster.proxyUrl,
    impersonation: impersonationHeaders(rawUser),
    plugin: plugin?.command ?? '',
    credential: isOidc ? oidcSource(provider?.config ?? {}, source.env) : plugin && kept(() => runPlugin(plugin)),
  };
}

type User = KubeConfig['users'][number];

function replaceUser(config: KubeConfig, old: User, now: User): void {
  config.users = config.users.map((entry) => (entry === old ? now : entry));
}

/** The user entry without the login that certkeep does itself. */
function withoutLogin(user: User): User {
  const { exec: _, authProvider: __, ...rest } = user;
  return rest;
}

/** client-node knows token files of Pods only; for kubectl the file wins over a token beside it. */
function withTokenFile(user: User, tokenFile: string): User {
  const { token: _, ...rest } = user;
  return { ...rest, authProvider: { name: 'tokenFile', config: { tokenFile } } };
}

/** The login is renewed in memory; the kubeconfig stays as it is. */
function oidcSource(
  config: Record<string, unknown>,
  env: Record<string, string | undefined>,
): () => Promise<Credential> {
  let login: ReturnType<typeof oidcLogin> | undefined;
  return kept(async () => {
    login ??= oidcLogin(config, env);
    return oidcToken(login);
  });
}

function impersonationHeaders(user: RawUser | undefined): Record<string, string | string[]> {
  if (user === undefined) return {};
  return {
    ...(user.asGroups.length === 0 ? {} : { 'impersonate-group': user.asGroups }),
    ...(user.asUid === '' ? {} : { 'impersonate-uid': user.asUid }),
    ...Object.fromEntries(
      Object.entries(user.asExtra).map(([key, values]) => [`impersonate-extra-${encodeURIComponent(key)}`, values]),
    ),
  };
}
