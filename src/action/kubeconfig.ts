import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { PublicError } from './public-error.ts';

/** How the kubeconfig reaches the connection: the fields of its options of the same names. */
export interface KubeconfigSource {
  kubeconfigPath?: string;
  kubeconfigText?: string;
}

/**
 * Makes of the input `kubeconfig` (path, content or base64; '' for the ambient one) what the connection takes. Content
 * never touches the disk. Every credential in it is handed to `mask` first, each line of it by itself, since the runner
 * hides whole lines only.
 *
 * @throws PublicError `bad-kubeconfig` where the text is none of the three; the text itself is never in the message.
 */
export function resolveKubeconfig(input: string, mask: (secret: string) => void): KubeconfigSource {
  if (input === '') return {};
  if (looksLikeKubeconfig(input)) return content(input, mask);
  const decoded = decodeBase64(input);
  if (decoded !== undefined && looksLikeKubeconfig(decoded)) {
    maskLines(input, mask);
    maskText(input.replace(/\s+/g, ''), mask);
    return content(decoded, mask);
  }
  if (!input.includes('\n') && input.length < 4096 && existsSync(input) && statSync(input).isFile()) {
    // The file's credentials are masked too: an exec plugin or a library may yet name them.
    content(readFileSync(input, 'utf8'), mask);
    return { kubeconfigPath: input };
  }
  throw new PublicError(
    'bad-kubeconfig',
    `Input \`kubeconfig\`: its value (${input.length} characters) is neither a kubeconfig, nor one in base64, nor the path of a file that exists. Likely the secret it comes from is cut or empty, or an earlier step did not write the file.`,
    'Give the whole output of `kubectl config view --raw --minify --flatten`, that in base64, or a path.',
  );
}

/** True where the input is empty, and the runner has no kubeconfig of its own in the usual places. */
export function hasNoKubeconfig(source: KubeconfigSource & { env: Record<string, string | undefined> }): boolean {
  const { kubeconfigPath, kubeconfigText, env } = source;
  if (kubeconfigPath !== undefined || kubeconfigText !== undefined || (env.KUBECONFIG ?? '') !== '') return false;
  const home = env.HOME ?? env.USERPROFILE ?? '';
  return home === '' || !existsSync(join(home, '.kube', 'config'));
}

/** The error for that. GitHub gives the empty text for a secret that is not set, or not within the job's reach. */
export function noKubeconfig(cause: unknown): PublicError {
  return new PublicError(
    'bad-kubeconfig',
    'Input `kubeconfig` is empty, and the runner has no kubeconfig of its own. Likely the secret that it comes from is not set, or belongs to an environment that the job does not name with `environment:`; runs of forks get no secrets at all.',
    'Set the secret in the repository or the environment, and give the job that `environment:`; or log in to the cluster in an earlier step.',
    { cause },
  );
}

function content(text: string, mask: (secret: string) => void): KubeconfigSource {
  for (const credential of credentialsOf(parse(text))) {
    maskText(credential, mask);
  }
  return { kubeconfigText: text };
}

function looksLikeKubeconfig(text: string): boolean {
  return /^\s*\{/.test(text) || /^["']?(apiVersion|clusters|contexts|users|kind|current-context)["']?\s*:/m.test(text);
}

/** Strict: the library accepts anything, and skips what is no base64. */
function decodeBase64(text: string): string | undefined {
  const bare = text.replace(/\s+/g, '');
  if (bare.length < 16 || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(bare)) return undefined;
  return Buffer.from(bare, 'base64').toString('utf8');
}

function parse(text: string): unknown {
  try {
    return load(text);
  } catch (error) {
    // The parser's own message quotes the line, which may hold a credential: only where it is.
    const line = (error as { mark?: { line?: number } }).mark?.line;
    throw new PublicError(
      'bad-kubeconfig',
      `Input \`kubeconfig\`: it is not valid YAML${line === undefined ? '' : ` (line ${line + 1})`}. Likely its line breaks or indentation were lost on the way.`,
      `In a workflow write \`kubeconfig: \${{ secrets.NAME }}\`, or store the kubeconfig in base64.`,
    );
  }
}

/** Fields of a user entry that hold no secret, at any depth (k8s.io/client-go/tools/clientcmd/api/v1). */
const HARMLESS = new Set([
  'apiVersion',
  'command',
  'installHint',
  'interactiveMode',
  'name',
  'username',
  'as',
  'as-uid',
  'client-certificate',
  'client-certificate-data',
  'client-key',
  'tokenFile',
  'idp-issuer-url',
  'idp-certificate-authority',
  'idp-certificate-authority-data',
  'client-id',
  'cmd-path',
  'cmd-args',
  'token-key',
  'expiry',
  'expiry-key',
  'extra-scopes',
]);

/**
 * Every text in the users' entries that may be a credential, for PEM in base64 both forms; and the passwords in the URLs
 * of servers and proxies.
 */
export function credentialsOf(config: unknown): string[] {
  const users = isRecord(config) && Array.isArray(config.users) ? config.users : [];
  const clusters = isRecord(config) && Array.isArray(config.clusters) ? config.clusters : [];
  const found: string[] = [];
  for (const entry of clusters) {
    const cluster = isRecord(entry) && isRecord(entry.cluster) ? entry.cluster : {};
    found.push(...passwordOf(cluster['proxy-url']), ...passwordOf(cluster.server));
  }
  for (const entry of users) {
    if (isRecord(entry)) collect(entry.user, found);
  }
  return found;
}

/** As it is written, and as it is meant. */
function passwordOf(address: unknown): string[] {
  const url = typeof address === 'string' ? URL.parse(address) : null;
  if (url === null || url.password === '') return [];
  const written = /^[^/]*\/\/[^/]*?:([^/]*)@/.exec(String(address))?.[1] ?? url.password;
  let meant = written;
  try {
    meant = decodeURIComponent(written);
  } catch {
    // No percent-encoding after all.
  }
  return [...new Set([url.password, written, meant])];
}

function collect(value: unknown, found: string[]): void {
  if (typeof value === 'string' || typeof value === 'number') {
    add(String(value), found);
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, found);
  } else if (isRecord(value)) {
    for (const [key, field] of Object.entries(value)) {
      if (key === 'args') found.push(...secretArguments(field));
      else if (key === 'groups' || key === 'as-groups' || key === 'as-user-extra') continue;
      else if (!HARMLESS.has(key)) collect(field, found);
    }
  }
}

function add(text: string, found: string[]): void {
  found.push(text);
  const decoded = decodeBase64(text);
  if (decoded?.includes('-----BEGIN')) found.push(decoded);
}

/** Of a plugin's arguments only those that are secret by their name: hiding `get-token` would spoil the log. */
function secretArguments(args: unknown): string[] {
  if (!Array.isArray(args)) return [];
  const found: string[] = [];
  args.forEach((argument, i) => {
    const match = /^--?[\w-]*(?:token|secret|password|key)[\w-]*(?:=(.*))?$/i.exec(String(argument));
    if (match === null) return;
    const value = match[1] ?? (i + 1 < args.length ? String(args[i + 1]) : '');
    if (!value.startsWith('--')) found.push(value);
  });
  return found;
}

/** Values that are too short or too common are left: the runner would blot them out all over the log. */
function maskText(text: string, mask: (secret: string) => void): void {
  const value = text.trim();
  if (value.length >= 6 && value !== 'default') mask(value);
  if (value.includes('\n')) maskLines(value, mask);
}

function maskLines(text: string, mask: (secret: string) => void): void {
  for (const line of text.split(/\r?\n/)) {
    const bare = line.trim();
    if (bare.length >= 6 && !bare.startsWith('-----')) mask(bare);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
