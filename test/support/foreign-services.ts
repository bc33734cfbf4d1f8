import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { build } from '../cluster/build.ts';
import { temporaryDirectory } from './temporary.ts';

/**
 * A stand-in for two systems that are not Kubernetes and cannot run here: HashiCorp Vault and Venafi TPP (CyberArk
 * Certificate Manager, Self-Hosted). It answers the few requests with which cert-manager 1.21 decides whether such an
 * issuer is Ready (internal/vault/vault.go: the logins and sys/health; vcert's pkg/venafi/tpp: verify and ping) and
 * remembers which credentials it was shown. It issues nothing.
 */
export interface ForeignServices {
  url: string;
  /** PEM of the CA of its listener. */
  ca: string;
  /** Every token, secret id, JWT and `certificate:SHA-256` of a client certificate that was shown since `forget`. */
  seen(): Set<string>;
  forget(): void;
  close(): Promise<void>;
}

export async function startForeignServices(): Promise<ForeignServices> {
  const directory = temporaryDirectory('foreign');
  const { tools } = await build([], () => undefined);
  execFileSync(tools, ['certificates', directory]);
  const file = (name: string) => readFileSync(join(directory, name), 'utf8');
  const seen = new Set<string>();
  const server = createServer(
    { cert: file('server.crt'), key: file('server.key'), requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      void textOf(request).then((body) => {
        for (const credential of credentialsIn(request, body)) seen.add(credential);
        const [status, answer] = answerTo(request.url ?? '');
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: file('ca.crt'),
    seen: () => new Set(seen),
    forget: () => seen.clear(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answerTo(path: string): [number, unknown] {
  if (/^\/v1\/auth\/[a-z]+\/login$/.test(path)) return [200, { auth: { client_token: 'from the stand-in' } }];
  if (path === '/v1/sys/health') return [200, { initialized: true, sealed: false, standby: false }];
  if (path === '/vedauth/authorize/verify') return [200, {}];
  if (path === '/vedsdk/') return [200, {}];
  return [404, { errors: [] }];
}

function credentialsIn(request: IncomingMessage, body: string): string[] {
  const shown = [
    header(request, 'x-vault-token'),
    header(request, 'authorization').replace(/^Bearer /, ''),
    certificateOf(request.socket as TLSSocket),
  ];
  if (request.url?.endsWith('/login')) {
    const { secret_id, jwt } = JSON.parse(body) as { secret_id?: string; jwt?: string };
    shown.push(secret_id ?? '', jwt ?? '');
  }
  return shown.filter((one) => one !== '');
}

function header(request: IncomingMessage, name: string): string {
  return String(request.headers[name] ?? '');
}

function certificateOf(socket: TLSSocket): string {
  const sha256 = socket.getPeerX509Certificate()?.fingerprint256;
  return sha256 === undefined ? '' : `certificate:${sha256}`;
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request.setEncoding('utf8')) text += part;
  return text;
}
