/** A small HTTP server that answers as a test says: for faults that a healthy API server does not show. Tests only. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Cluster } from './client.ts';
import { connect } from './connect.ts';

export interface Seen {
  method: string;
  url: URL;
  headers: IncomingMessage['headers'];
  body: string;
}
export type Answer = (response: ServerResponse, seen: Seen, index: number) => void;

export interface FakeServer {
  seen: Seen[];
  url: string;
  kubeconfig(user?: Record<string, unknown>): string;
  connect(user?: Record<string, unknown>): Promise<Cluster>;
  close(): Promise<void>;
}

export async function fakeServer(answer: Answer): Promise<FakeServer> {
  const seen: Seen[] = [];
  const clusters: Cluster[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://fake');
      const one = {
        method: request.method ?? '',
        url,
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      seen.push(one);
      answer(response, one, seen.length - 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeconfig = (user: Record<string, unknown> = { token: 'SECRET-TOKEN' }): string =>
    JSON.stringify({
      clusters: [{ name: 'fake', cluster: { server: url } }],
      users: [{ name: 'me', user }],
      contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'me' } }],
      'current-context': 'fake',
    });
  return {
    seen,
    url,
    kubeconfig,
    async connect(user) {
      const cluster = await connect({ kubeconfigText: kubeconfig(user), env: {}, requestTimeoutMs: 3000 });
      clusters.push(cluster);
      return cluster;
    },
    async close() {
      for (const cluster of clusters) await cluster.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** A Kubernetes Status. */
export function refuse(
  response: ServerResponse,
  status: number,
  reason: string,
  message: string,
  headers: Record<string, string> = {},
): void {
  json(
    response,
    status,
    { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code: status },
    headers,
  );
}
