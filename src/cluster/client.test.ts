import { afterEach, describe, expect, it } from 'vitest';
import { CERTIFICATE, NAMESPACE, SECRET } from '../model/kinds.ts';
import type { KubeObject } from '../model/objects.ts';
import { ApiError } from './client.ts';
import { explainApiError } from './errors.ts';
import { type Answer, type FakeServer, fakeServer, json, refuse } from './fake-server.ts';

let server: FakeServer;
afterEach(() => server.close());
const start = async (answer: Answer) => {
  server = await fakeServer(answer);
  return server.connect();
};
const certificate: KubeObject = {
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { namespace: 'app', name: 'web' },
};

describe('list', () => {
  it('reads all pages and fills in apiVersion and kind', async () => {
    const cluster = await start((response, seen) => {
      const second = seen.url.searchParams.get('continue') === 'next';
      json(response, 200, {
        metadata: { resourceVersion: '7', ...(second ? {} : { continue: 'next' }) },
        items: [{ metadata: { name: second ? 'b' : 'a' } }],
      });
    });
    const list = await cluster.list(CERTIFICATE, { namespace: 'app', labelSelector: 'a=b' });
    expect(list.resourceVersion).toBe('7');
    expect(list.items).toEqual([
      { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', metadata: { name: 'a' } },
      { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', metadata: { name: 'b' } },
    ]);
    expect(server.seen.map((s) => s.url.pathname)).toEqual(
      Array(2).fill('/apis/cert-manager.io/v1/namespaces/app/certificates'),
    );
    expect(server.seen[0]?.url.searchParams.get('limit')).toBe('500');
    expect(server.seen[0]?.url.searchParams.get('labelSelector')).toBe('a=b');
  });

  it('starts anew when the continue token has expired', async () => {
    let expired = false;
    const cluster = await start((response, seen) => {
      if (seen.url.searchParams.has('continue') && !expired) {
        expired = true;
        return refuse(response, 410, 'Expired', 'The provided continue parameter is too old');
      }
      const last = seen.url.searchParams.has('continue');
      return json(response, 200, {
        metadata: { resourceVersion: expired ? '9' : '7', ...(last ? {} : { continue: 'next' }) },
        items: [{ metadata: { name: `${last ? 'b' : 'a'}${expired}` } }],
      });
    });
    const list = await cluster.list(CERTIFICATE);
    expect(list.resourceVersion).toBe('9');
    expect(list.items.map((i) => i.metadata.name)).toEqual(['atrue', 'btrue']);
  });

  it('throws ApiError 404 where the resource does not exist', async () => {
    const cluster = await start((response) => refuse(response, 404, 'NotFound', 'the server could not find'));
    await expect(cluster.list(CERTIFICATE)).rejects.toMatchObject({ status: 404 });
  });
});

describe('repetition', () => {
  it('waits as long as a 429 says, for reads and writes', async () => {
    const cluster = await start((response, _seen, index) =>
      index % 2 === 0
        ? refuse(response, 429, 'TooManyRequests', 'slow down', { 'retry-after': '1' })
        : json(response, 200, { metadata: { name: 'x' } }),
    );
    const before = Date.now();
    await cluster.get(NAMESPACE, undefined, 'x');
    expect(Date.now() - before).toBeGreaterThanOrEqual(990);
    await cluster.create(CERTIFICATE, certificate);
    expect(server.seen.length).toBe(4);
  });

  it('repeats a read after a cut connection and after 503', async () => {
    const cluster = await start((response, _seen, index) => {
      if (index === 1) return void response.destroy();
      if (index === 2) return refuse(response, 503, 'ServiceUnavailable', 'not now');
      return json(response, 200, { metadata: { name: 'x' } });
    });
    await cluster.get(NAMESPACE, undefined, 'x');
    expect((await cluster.get(NAMESPACE, undefined, 'x'))?.metadata.name).toBe('x');
    expect(server.seen.length).toBe(4);
  });

  it('never repeats 403 and 422', async () => {
    const cluster = await start((response, _seen, index) =>
      index === 0 ? refuse(response, 403, 'Forbidden', 'no') : refuse(response, 422, 'Invalid', 'no'),
    );
    await expect(cluster.get(NAMESPACE, undefined, 'x')).rejects.toMatchObject({ status: 403 });
    await expect(cluster.apply(CERTIFICATE, certificate, { fieldManager: 'm' })).rejects.toMatchObject({ status: 422 });
    expect(server.seen.length).toBe(2);
  });

  it('marks an object that an interrupted create may have made', async () => {
    const cluster = await start((response, _seen, index) => {
      if (index === 0) return json(response, 200, { metadata: { name: 'x' } });
      if (index === 1) return void response.destroy();
      return refuse(response, 409, 'AlreadyExists', 'certificates.cert-manager.io "web" already exists');
    });
    await cluster.get(NAMESPACE, undefined, 'x');
    const error = await cluster.create(CERTIFICATE, certificate).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).maybeOurs).toBe(true);
    expect((error as ApiError).reason).toBe('AlreadyExists');
  });

  it('does not mark one that was there before', async () => {
    const cluster = await start((response) => refuse(response, 409, 'AlreadyExists', 'exists'));
    await expect(cluster.create(CERTIFICATE, certificate)).rejects.toMatchObject({ maybeOurs: false });
  });

  it('gives up on a server that never answers', async () => {
    const cluster = await start((response) => void response.destroy());
    const error = explainApiError(await cluster.get(NAMESPACE, undefined, 'x').catch((e: unknown) => e), 'read it');
    expect(error.code).toBe('unreachable');
    expect(server.seen.length).toBe(2);
  });
});

describe('credentials', () => {
  it('sends the token, and asks once more with fresh credentials after a 401', async () => {
    const cluster = await start((response, _seen, index) =>
      index === 0
        ? refuse(response, 401, 'Unauthorized', 'Unauthorized')
        : json(response, 200, { metadata: { name: 'x' } }),
    );
    await cluster.get(NAMESPACE, undefined, 'x');
    expect(server.seen.map((s) => s.headers.authorization)).toEqual(Array(2).fill('Bearer SECRET-TOKEN'));
  });

  it('explains a 401 that stays, without the token', async () => {
    const cluster = await start((response) => refuse(response, 401, 'Unauthorized', 'Unauthorized'));
    const error = explainApiError(await cluster.get(NAMESPACE, undefined, 'x').catch((e: unknown) => e), 'read it');
    expect(error.code).toBe('unauthorized');
    expect(error.exitCode).toBe(9);
    expect(`${error.message} ${error.fix}`).not.toContain('SECRET-TOKEN');
  });

  it('sends basic authentication and the impersonation that client-node leaves out', async () => {
    server = await fakeServer((response) => json(response, 200, {}));
    const cluster = await server.connect({
      username: 'u',
      password: 'p',
      as: 'jane',
      'as-groups': ['a', 'b'],
      'as-uid': '7',
    });
    await cluster.getPath('/version');
    expect(server.seen[0]?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from('u:p').toString('base64')}`,
      'impersonate-user': 'jane',
      'impersonate-group': 'a, b',
      'impersonate-uid': '7',
    });
  });
});

describe('writes', () => {
  it('speaks server-side apply, merge patch, create and delete as the API server wants them', async () => {
    const cluster = await start((response) => json(response, 200, { metadata: { name: 'web' } }));
    await cluster.apply(CERTIFICATE, certificate, { fieldManager: 'certkeep', force: true, dryRun: true });
    await cluster.mergePatch(
      CERTIFICATE,
      'app',
      'web',
      { status: {} },
      { subresource: 'status', fieldManager: 'certkeep' },
    );
    await cluster.create(CERTIFICATE, certificate, { fieldManager: 'helm', fieldValidation: 'Strict' });
    await cluster.delete(CERTIFICATE, 'app', 'web', { propagationPolicy: 'Foreground', uid: 'u1' });
    const lines = server.seen.map((s) => `${s.method} ${s.url.pathname}${s.url.search} ${s.headers['content-type']}`);
    const path = '/apis/cert-manager.io/v1/namespaces/app/certificates';
    expect(lines).toEqual([
      `PATCH ${path}/web?fieldManager=certkeep&dryRun=All&force=true application/apply-patch+yaml`,
      `PATCH ${path}/web/status?fieldManager=certkeep application/merge-patch+json`,
      `POST ${path}?fieldManager=helm&fieldValidation=Strict application/json`,
      `DELETE ${path}/web application/json`,
    ]);
    expect(JSON.parse(server.seen[3]?.body ?? '')).toMatchObject({
      propagationPolicy: 'Foreground',
      preconditions: { uid: 'u1' },
    });
  });

  it('takes a missing object as deleted, and get gives undefined for it', async () => {
    const cluster = await start((response) => refuse(response, 404, 'NotFound', 'not found'));
    await cluster.delete(CERTIFICATE, 'app', 'web');
    expect(await cluster.get(CERTIFICATE, 'app', 'web')).toBeUndefined();
  });
});

describe('messages', () => {
  it('never repeat a value that was sent', async () => {
    const messages = [
      'Secret "x" is invalid: data[a]: Invalid value: "aHVudGVyMg==": must be hunter2',
      'Certificate.cert-manager.io "web" is invalid: spec.keystores: Invalid value: {"password":"hunter2"}: no',
      'Certificate.cert-manager.io "web" is invalid: spec.x: Unsupported value: "hunter2": supported values: "a"',
      'error found in #10 byte of ...|":"hunter2"}|..., bigger context ...|"hunter2"|...',
    ];
    const cluster = await start((response, _seen, index) => refuse(response, 422, 'Invalid', messages[index] ?? ''));
    for (const kind of [SECRET, CERTIFICATE, CERTIFICATE, SECRET]) {
      const error = (await cluster
        .apply(kind, { ...certificate, kind: kind.kind }, { fieldManager: 'm' })
        .catch((e: unknown) => e)) as ApiError;
      const told = explainApiError(error, 'apply it');
      expect(`${error.message} ${told.message} ${told.fix}`).not.toMatch(/hunter2|aHVudGVyMg/);
      expect(told.code).toBe('write-refused');
    }
  });

  it('keep the field managers of a conflict, of Secrets too', async () => {
    const message = 'Apply failed with 1 conflict: conflict with "kubectl" using v1: .data.password';
    const cluster = await start((response) => refuse(response, 409, 'Conflict', message));
    const error = await cluster
      .apply(SECRET, { ...certificate, kind: 'Secret' }, { fieldManager: 'm' })
      .catch((e: unknown) => e);
    expect((error as ApiError).detail).toBe(message);
  });

  it('name verb, resource, namespace and user of a 403', async () => {
    const cluster = await start((response) =>
      refuse(
        response,
        403,
        'Forbidden',
        'secrets is forbidden: User "ci-bot" cannot list resource "secrets" in API group "" in the namespace "app"',
      ),
    );
    const error = explainApiError(
      await cluster.list(SECRET, { namespace: 'app' }).catch((e: unknown) => e),
      'list Secrets',
    );
    expect(error.code).toBe('forbidden');
    expect(error.message).toBe(
      'Cannot list Secrets: "ci-bot" has no right to list secrets in the namespace app (403).',
    );
    expect(error.fix).toContain('docs/permissions.md');
    const all = explainApiError(await cluster.list(CERTIFICATE).catch((e: unknown) => e), 'list Certificates');
    expect(all.message).toContain('list certificates.cert-manager.io in all namespaces');
  });

  it('call a query that the server does not understand wrong usage', async () => {
    const cluster = await start((response) => refuse(response, 400, 'BadRequest', 'unable to parse requirement'));
    const list = cluster.list(CERTIFICATE, { labelSelector: 'a==b,,' });
    const error = explainApiError(await list.catch((e: unknown) => e), 'list Certificates');
    expect([error.code, error.exitCode]).toEqual(['wrong-usage', 2]);
    expect(error.fix).toContain('--selector');
    const write = cluster.create(CERTIFICATE, certificate);
    expect(explainApiError(await write.catch((e: unknown) => e), 'create it').code).toBe('write-refused');
  });

  it('tell a page that is not Kubernetes from an API server', async () => {
    const cluster = await start((response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html>log in, hunter2</html>');
    });
    const error = explainApiError(await cluster.getPath('/version').catch((e: unknown) => e), 'read the version');
    expect(error.code).toBe('unreachable');
    expect(error.message).not.toContain('hunter2');
  });
});

describe('watch', () => {
  const event = (type: string, rv: string, name: string) =>
    `${JSON.stringify({ type, object: { kind: 'Certificate', metadata: { name, resourceVersion: rv } } })}\n`;

  it('goes on from the last resourceVersion when the server ends the stream', async () => {
    const stop = new AbortController();
    const cluster = await start((response, seen) => {
      const from = seen.url.searchParams.get('resourceVersion');
      response.writeHead(200, { 'content-type': 'application/json' });
      if (from === '5') response.end(event('ADDED', '6', 'a') + event('BOOKMARK', '8', ''));
      else response.write(event('MODIFIED', '9', 'b'));
    });
    const events: string[] = [];
    const result = await cluster.watch(CERTIFICATE, {
      resourceVersion: '5',
      signal: stop.signal,
      onEvent(type, object) {
        events.push(`${type} ${object.metadata.name}`);
        if (object.metadata.name === 'b') stop.abort();
      },
    });
    expect(events).toEqual(['ADDED a', 'MODIFIED b']);
    expect(result).toEqual({ ended: 'aborted', resourceVersion: '9' });
    expect(server.seen[1]?.url.searchParams.get('resourceVersion')).toBe('8');
  });

  it('says "gone" for 410, as status and as event', async () => {
    const cluster = await start((response, _seen, index) => {
      if (index === 0) return refuse(response, 410, 'Expired', 'too old');
      response.writeHead(200);
      return void response.end(`${JSON.stringify({ type: 'ERROR', object: { code: 410 } })}\n`);
    });
    const options = { resourceVersion: '1', signal: new AbortController().signal, onEvent() {} };
    expect((await cluster.watch(CERTIFICATE, options)).ended).toBe('gone');
    expect((await cluster.watch(CERTIFICATE, options)).ended).toBe('gone');
  });
});
