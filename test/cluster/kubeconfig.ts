import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Credentials } from './kubeapi.ts';

/** Users of the token file. Only `admin` may do anything; what the others may do, a test gives them by RBAC. */
export const TOKEN_USERS = ['admin', 'certkeep-backup', 'certkeep-verify', 'certkeep-restore', 'nobody'] as const;

/** Makes a random token for each user and writes the API server's token file. */
export function writeTokens(directory: string): Record<string, string> {
  const tokens: Record<string, string> = {};
  const lines = TOKEN_USERS.map((user) => {
    const token = randomBytes(24).toString('hex');
    tokens[user] = token;
    return `${token},${user},uid-${user},${user === 'admin' ? 'system:masters' : 'certkeep-test'}`;
  });
  writeFileSync(join(directory, 'tokens.csv'), `${lines.join('\n')}\n`, { mode: 0o600 });
  return tokens;
}

/** The administrator's client certificate, as `tools certificates` wrote it. */
export function adminCredentials(directory: string, server: string): Credentials {
  const read = (name: string) => readFileSync(join(directory, 'pki', name), 'utf8');
  return { server, ca: read('ca.crt'), cert: read('admin.crt'), key: read('admin.key') };
}

/** Writes a kubeconfig, mode 0600. JSON is YAML, and every client reads it. */
export function writeKubeconfig(
  path: string,
  name: string,
  server: string,
  ca: string,
  user: { cert: string; key: string } | { token: string },
): void {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const credentials =
    'token' in user
      ? { token: user.token }
      : { 'client-certificate-data': base64(user.cert), 'client-key-data': base64(user.key) };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name, user: credentials }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
  writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}
