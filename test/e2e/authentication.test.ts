import { createSign, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConnectOptions, connect } from '../../src/cluster/connect.ts';
import { explainApiError } from '../../src/cluster/errors.ts';
import type { ResourceKind } from '../../src/model/kinds.ts';
import { CertkeepError } from '../../src/model/problems.ts';
import { startCluster, type TestCluster } from '../cluster/api.ts';
import { freePort } from '../cluster/ports.ts';
import { certkeep } from '../support/bundle.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** Every way to log in to a cluster, against a real API server: whom does it see? */

const scratch = temporaryDirectory('authentication');
const oidcKey = generateKeyPairSync('rsa', { modulusLength: 2048 });
let cluster: TestCluster;
let issuer: { url: string; refreshed: string[]; server: Server };
let ca = '';

const WHO: ResourceKind = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  namespaced: false,
};

/** The user that the API server sees behind a connection. */
async function whoami(options: Omit<ConnectOptions, 'env'> & { env?: ConnectOptions['env'] }): Promise<string> {
  const connection = await connect({ env: {}, ...options });
  try {
    const answer = await connection.create(WHO, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: WHO.kind,
      metadata: { name: '' },
    });
    return (answer.status as { userInfo: { username: string } }).userInfo.username;
  } catch (error) {
    throw explainApiError(error, 'ask who this is');
  } finally {
    await connection.close();
  }
}

function kubeconfig(user: Record<string, unknown>, more: Record<string, unknown> = {}): string {
  return JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: cluster.server, 'certificate-authority-data': ca, ...more } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}

function file(name: string, text: string): string {
  const path = join(scratch, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** A token as an OpenID provider signs it. */
function idToken(email: string, lifetimeSeconds: number): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuer.url,
    aud: 'certkeep',
    sub: email,
    email,
    iat: now - 3600,
    exp: now + lifetimeSeconds,
  };
  const body = `${encode({ alg: 'RS256', kid: 'k', typ: 'JWT' })}.${encode(claims)}`;
  return `${body}.${createSign('RSA-SHA256').update(body).sign(oidcKey.privateKey, 'base64url')}`;
}

/** A small OpenID provider with the API server's own certificate: discovery, keys, and the refresh of a token. */
async function startIssuer(port: number): Promise<void> {
  const pki = (name: string) => readFileSync(join(cluster.directory, 'pki', name));
  const refreshed: string[] = [];
  const url = `https://127.0.0.1:${port}`;
  const server = createTlsServer({ cert: pki('server.crt'), key: pki('server.key') }, (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      if (request.url === '/.well-known/openid-configuration') {
        response.end(
          JSON.stringify({
            issuer: url,
            jwks_uri: `${url}/keys`,
            authorization_endpoint: `${url}/authorize`,
            token_endpoint: `${url}/token`,
            response_types_supported: ['code'],
            subject_types_supported: ['public'],
            id_token_signing_alg_values_supported: ['RS256'],
          }),
        );
      } else if (request.url === '/keys') {
        const key = { ...oidcKey.publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig', alg: 'RS256' };
        response.end(JSON.stringify({ keys: [key] }));
      } else if (request.url === '/token') {
        refreshed.push(new URLSearchParams(body).get('refresh_token') ?? '');
        response.end(
          JSON.stringify({
            access_token: 'unused',
            token_type: 'Bearer',
            expires_in: 600,
            id_token: idToken('renewed@example.com', 600),
          }),
        );
      } else response.writeHead(404).end('{}');
    });
  });
  issuer = { url, refreshed, server };
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
}

/** An HTTP proxy that tunnels every CONNECT to the API server, and notes where it was to go. */
async function startProxy(): Promise<{ url: string; asked: string[]; close: () => void }> {
  const asked: string[] = [];
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on('connect', (request, socket) => {
    asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
    const { port } = new URL(cluster.server);
    const upstream = connectSocket(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    for (const end of [upstream, socket]) end.on('error', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

beforeAll(async () => {
  const port = await freePort();
  cluster = await startCluster('authentication', {
    apiServerFlags: (pki) => [
      `--oidc-issuer-url=https://127.0.0.1:${port}`,
      '--oidc-client-id=certkeep',
      '--oidc-username-claim=email',
      '--oidc-username-prefix=oidc:',
      `--oidc-ca-file=${join(pki, 'ca.crt')}`,
    ],
  });
  ca = readFileSync(join(cluster.directory, 'pki', 'ca.crt')).toString('base64');
  await startIssuer(port);
});
afterAll(async () => {
  issuer?.server.closeAllConnections();
  issuer?.server.close();
  await cluster?.stop();
});

describe('a kubeconfig with', () => {
  it('a client certificate', async () => {
    expect(await whoami({ kubeconfigPath: cluster.kubeconfig })).toMatch(/admin/);
    const pki = (name: string) => join(cluster.directory, 'pki', name);
    const files = { 'client-certificate': pki('admin.crt'), 'client-key': pki('admin.key') };
    expect(await whoami({ kubeconfigText: kubeconfig(files) })).toMatch(/admin/);
  });

  it('a token', async () => {
    expect(await whoami({ kubeconfigPath: cluster.kubeconfigOf('nobody') })).toBe('nobody');
  });

  it('a token file, read again when it changes', async () => {
    const tokenFile = file('token', `${cluster.tokens.nobody}\n`);
    const text = kubeconfig({ tokenFile });
    expect(await whoami({ kubeconfigText: text })).toBe('nobody');
    writeFileSync(tokenFile, `${cluster.tokens['certkeep-verify']}\n`);
    expect(await whoami({ kubeconfigText: text })).toBe('certkeep-verify');
  });

  it('a relative token file, as kubectl takes it: from the directory of the kubeconfig', async () => {
    mkdirSync(join(scratch, 'conf'), { recursive: true });
    writeFileSync(join(scratch, 'conf', 'beside'), `${cluster.tokens.nobody}`);
    const path = file('conf/config', kubeconfig({ tokenFile: 'beside' }));
    expect(await whoami({ kubeconfigPath: path })).toBe('nobody');
  });

  it('a plugin that answers with a token, or with a client certificate', async () => {
    const plugin = (status: Record<string, string>) => ({
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        interactiveMode: 'Never',
        command: process.execPath,
        args: ['-e', `process.stdout.write(${JSON.stringify(JSON.stringify({ status }))})`],
      },
    });
    expect(await whoami({ kubeconfigText: kubeconfig(plugin({ token: cluster.tokens.nobody ?? '' })) })).toBe('nobody');
    const pki = (name: string) => readFileSync(join(cluster.directory, 'pki', name), 'utf8');
    const certificate = { clientCertificateData: pki('admin.crt'), clientKeyData: pki('admin.key') };
    expect(await whoami({ kubeconfigText: kubeconfig(plugin(certificate)) })).toMatch(/admin/);
  });

  it('an OIDC login: its token, and a new one where that has expired', async () => {
    const login = (config: Record<string, string>) => kubeconfig({ 'auth-provider': { name: 'oidc', config } });
    const valid = { 'idp-issuer-url': issuer.url, 'client-id': 'certkeep', 'id-token': idToken('a@example.com', 600) };
    // The API server asks the issuer for its keys only every ten seconds until it has them.
    const end = Date.now() + 40_000;
    for (;;) {
      const user = await whoami({ kubeconfigText: login(valid) }).catch((error: unknown) => error);
      if (user === 'oidc:a@example.com') break;
      if (Date.now() > end) throw user;
      await sleep(500);
    }
    const expired = {
      ...valid,
      'id-token': idToken('a@example.com', -60),
      'refresh-token': 'refresh-me',
      'client-secret': 'unused',
      'idp-certificate-authority-data': ca,
    };
    expect(await whoami({ kubeconfigText: login(expired) })).toBe('oidc:renewed@example.com');
    expect(issuer.refreshed).toEqual(['refresh-me']);
    const { 'refresh-token': _, ...hopeless } = expired;
    const error = await whoami({ kubeconfigText: login(hopeless) }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(CertkeepError);
    expect(error).toMatchObject({ code: 'bad-kubeconfig', message: expect.stringContaining('has expired') });
  });

  it('nothing: that is said, and not taken for a lack of rights', async () => {
    const error = await whoami({ kubeconfigText: kubeconfig({}) }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'unauthorized', exitCode: 9 });
  });
});

describe('a Pod', () => {
  it('has its service account, and no kubeconfig', async () => {
    const token = (await cluster.kubectl(['create', 'token', 'default'])).stdout.trim();
    const directory = join(scratch, 'serviceaccount');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'token'), token);
    writeFileSync(join(directory, 'ca.crt'), Buffer.from(ca, 'base64'));
    const { hostname, port } = new URL(cluster.server);
    const env = { HOME: scratch, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
    expect(await whoami({ env, serviceAccountDirectory: directory })).toBe('system:serviceaccount:default:default');
  });
});

describe('a proxy', () => {
  // 127.0.0.1 is never reached through a proxy, so the API server gets a name that only the proxy knows.
  const named = () =>
    kubeconfig(
      { token: cluster.tokens.nobody },
      { server: `https://api.certkeep.invalid:${new URL(cluster.server).port}`, 'tls-server-name': '127.0.0.1' },
    );

  it('of HTTPS_PROXY is used, its password too; NO_PROXY leaves it out', async () => {
    const proxy = await startProxy();
    try {
      const host = `api.certkeep.invalid:${new URL(cluster.server).port}`;
      const withPassword = proxy.url.replace('http://', 'http://user:pass@');
      expect(await whoami({ kubeconfigText: named(), env: { HTTPS_PROXY: withPassword } })).toBe('nobody');
      expect(new Set(proxy.asked)).toEqual(new Set([`${host} Basic ${Buffer.from('user:pass').toString('base64')}`]));
      proxy.asked.length = 0;
      const env = { HTTPS_PROXY: proxy.url, NO_PROXY: 'other.example,.certkeep.invalid' };
      const error = await whoami({ kubeconfigText: named(), env }).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'unreachable', message: expect.stringContaining('cannot be resolved') });
      expect(proxy.asked).toEqual([]);
    } finally {
      proxy.close();
    }
  });

  it('of the kubeconfig is used, and wins over the environment', async () => {
    const proxy = await startProxy();
    try {
      const text = kubeconfig(
        { token: cluster.tokens.nobody },
        {
          server: `https://api.certkeep.invalid:${new URL(cluster.server).port}`,
          'tls-server-name': '127.0.0.1',
          'proxy-url': proxy.url,
        },
      );
      expect(await whoami({ kubeconfigText: text, env: { HTTPS_PROXY: 'http://127.0.0.1:1' } })).toBe('nobody');
      expect(proxy.asked.length).toBeGreaterThan(0);
    } finally {
      proxy.close();
    }
  });
});

describe('the program itself', () => {
  it('runs a plugin without inputs, keys and the runner’s tokens, and through the proxy', async () => {
    const proxy = await startProxy();
    const seen = join(scratch, 'environment.json');
    const answer = JSON.stringify({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: cluster.tokens.admin },
    });
    const script = `require('fs').writeFileSync(${JSON.stringify(seen)}, JSON.stringify(process.env)); process.stdout.write(${JSON.stringify(answer)})`;
    const path = file(
      'plugin-config',
      kubeconfig(
        {
          exec: {
            apiVersion: 'client.authentication.k8s.io/v1',
            command: process.execPath,
            args: ['-e', script],
            provideClusterInfo: true,
          },
        },
        { server: `https://api.certkeep.invalid:${new URL(cluster.server).port}`, 'tls-server-name': '127.0.0.1' },
      ),
    );
    const hidden = ['INPUT_KUBECONFIG', 'CERTKEEP_IDENTITY', 'ACTIONS_RUNTIME_TOKEN', 'GITHUB_TOKEN', 'GH_TOKEN'];
    try {
      const output = join(scratch, 'backup');
      const result = await certkeep(['backup', '--output', output, '--allow-empty', '--kubeconfig', path], {
        env: {
          ...Object.fromEntries(hidden.map((name) => [name, 'secret-of-the-runner'])),
          CERTKEEP_IDENTITY: '',
          AWS_PROFILE: 'own',
          HTTPS_PROXY: proxy.url,
        },
      });
      expect(result.code, result.stderr).toBe(0);
    } finally {
      proxy.close();
    }
    const environment = JSON.parse(readFileSync(seen, 'utf8')) as Record<string, string>;
    expect(Object.keys(environment).filter((name) => hidden.includes(name))).toEqual([]);
    expect(environment.AWS_PROFILE).toBe('own');
    expect(JSON.parse(environment.KUBERNETES_EXEC_INFO ?? '{}')).toMatchObject({
      kind: 'ExecCredential',
      spec: { interactive: false, cluster: { 'tls-server-name': '127.0.0.1', 'certificate-authority-data': ca } },
    });
    expect(proxy.asked.length).toBeGreaterThan(0);
  });
});
