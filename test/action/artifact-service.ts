import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * GitHub's artifact service and the few paths of its REST API that certkeep asks, on the loopback interface: Twirp with
 * JSON bodies for names and addresses, block blobs for the content, as the real ones do. It is strict about what the real
 * ones are strict about: tokens, names taken, sizes and digests.
 */

export interface StoredArtifact {
  id: number;
  runId: string;
  name: string;
  /** undefined until it is finalized. */
  digest: string | undefined;
  content: Buffer;
  createdAt: string;
  expiresAt: string | undefined;
  expired: boolean;
}

/** A workflow run as the REST API tells of it. */
export interface RunFacts {
  event: string;
  head_branch: string | null;
  head_sha: string;
  path: string;
  repository: { id: number; full_name: string };
  head_repository: { id: number; full_name: string } | null;
}

/** Switches for what can go wrong; all off at first. */
export interface Faults {
  /** The account's storage is used up. */
  quota: boolean;
  /** So many uploads of a block are cut off in the middle. */
  cutUploads: number;
  /** Blob storage refuses writes. */
  refuseUploads: boolean;
  /** Downloads have one byte changed. */
  corruptDownloads: boolean;
  /** The REST API refuses the token's permissions. */
  noActionsRead: boolean;
}

const REPOSITORY = { id: 4711, full_name: 'acme/platform' };

export class ArtifactService {
  readonly artifacts: StoredArtifact[] = [];
  readonly runs = new Map<string, RunFacts>();
  readonly repository = { ...REPOSITORY, default_branch: 'main', visibility: 'private', private: true };
  /** Commits that are not on the default branch. */
  readonly strayCommits = new Set<string>();
  readonly faults: Faults = {
    quota: false,
    cutUploads: 0,
    refuseUploads: false,
    corruptDownloads: false,
    noActionsRead: false,
  };
  /** Every request, `VERB path`. */
  readonly requests: string[] = [];
  readonly token = `ghs_${randomBytes(20).toString('hex')}`;
  readonly #server: Server;
  readonly #blocks = new Map<string, Buffer>();
  readonly #signature = randomBytes(24).toString('base64');
  #nextId = 1000;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<ArtifactService> {
    const server = createServer();
    const service = new ArtifactService(server);
    server.on('request', (request, response) => {
      service.#answer(request, response).catch((error: unknown) => {
        if (!response.headersSent) send(response, 500, { code: 'internal', msg: String(error) });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return service;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Adds a run of this repository's default branch, with what is different about it. */
  addRun(runId: string, different: Partial<RunFacts> = {}): void {
    this.runs.set(runId, {
      event: 'schedule',
      head_branch: 'main',
      head_sha: createHash('sha1').update(runId).digest('hex'),
      path: '.github/workflows/backup.yml',
      repository: { ...REPOSITORY },
      head_repository: { ...REPOSITORY },
      ...different,
    });
  }

  /** The runner's variables for a step of that run. */
  environment(runId: string, options: { tokenExpired?: boolean } = {}): Record<string, string> {
    return {
      ACTIONS_RESULTS_URL: `${this.url}/`,
      ACTIONS_RUNTIME_TOKEN: runtimeToken(runId, options.tokenExpired === true ? -60 : 3600),
      GITHUB_API_URL: `${this.url}/api`,
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_REPOSITORY: this.repository.full_name,
      GITHUB_RUN_ID: runId,
    };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    this.requests.push(`${request.method} ${url.pathname}`);
    if (url.pathname.startsWith('/twirp/')) return this.#twirp(url, request, response);
    if (url.pathname.startsWith('/blob/')) return this.#blob(url, request, response);
    if (url.pathname.startsWith('/api/')) return this.#rest(url, request, response);
    send(response, 404, { code: 'bad_route', msg: 'no such path' });
  }

  // --- names and addresses ---

  async #twirp(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = url.pathname.replace('/twirp/github.actions.results.api.v1.ArtifactService/', '');
    const body = JSON.parse((await readAll(request)).toString('utf8')) as Record<string, string>;
    const runId = runOfToken(request.headers.authorization);
    if (runId === undefined) return send(response, 401, { code: 'unauthenticated', msg: 'token has expired' });
    if (body.workflow_run_backend_id !== runId) {
      return send(response, 403, { code: 'permission_denied', msg: 'token is for another run' });
    }
    const named = this.artifacts.filter(
      (a) => a.runId === runId && a.name === (body.name ?? body.name_filter ?? a.name),
    );
    switch (method) {
      case 'CreateArtifact': {
        if (this.faults.quota) {
          const msg = 'insufficient usage to create artifact';
          return send(response, 403, { code: 'resource_exhausted', msg });
        }
        if (named.length > 0) {
          const msg = 'an artifact with this name already exists on the workflow run';
          return send(response, 409, { code: 'already_exists', msg });
        }
        const id = this.#nextId++;
        this.artifacts.push({
          id,
          runId,
          name: body.name ?? '',
          digest: undefined,
          content: Buffer.alloc(0),
          createdAt: new Date().toISOString(),
          expiresAt: body.expires_at,
          expired: false,
        });
        return send(response, 200, { ok: true, signed_upload_url: this.#signed(id, 'upload') });
      }
      case 'FinalizeArtifact': {
        const artifact = named[0];
        if (artifact === undefined) return send(response, 404, { code: 'not_found', msg: 'no such artifact' });
        const digest = sha256(artifact.content);
        if (Number(body.size) !== artifact.content.length || body.hash !== digest) {
          return send(response, 400, { code: 'invalid_argument', msg: 'size or hash differ from what was uploaded' });
        }
        artifact.digest = digest;
        return send(response, 200, { ok: true, artifact_id: String(artifact.id) });
      }
      case 'ListArtifacts': {
        const wanted = named.filter((a) => a.digest !== undefined && String(a.id) === (body.id_filter ?? String(a.id)));
        return send(response, 200, {
          artifacts: wanted.map((a) => ({
            workflow_run_backend_id: runId,
            workflow_job_run_backend_id: body.workflow_job_run_backend_id,
            database_id: String(a.id),
            name: a.name,
            size: String(a.content.length),
            created_at: a.createdAt,
            digest: a.digest,
          })),
        });
      }
      case 'GetSignedArtifactURL': {
        const artifact = named[0];
        if (artifact === undefined) return send(response, 404, { code: 'not_found', msg: 'no such artifact' });
        return send(response, 200, { signed_url: this.#signed(artifact.id, 'download') });
      }
      case 'DeleteArtifact': {
        const artifact = named[0];
        if (artifact === undefined) return send(response, 404, { code: 'not_found', msg: 'no such artifact' });
        this.artifacts.splice(this.artifacts.indexOf(artifact), 1);
        return send(response, 200, { ok: true, artifact_id: String(artifact.id) });
      }
      default:
        send(response, 404, { code: 'bad_route', msg: `no method ${method}` });
    }
  }

  #signed(id: number, use: string): string {
    return `${this.url}/blob/${id}?use=${use}&sig=${encodeURIComponent(this.#signature)}`;
  }

  // --- content ---

  async #blob(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = Number(url.pathname.replace('/blob/', ''));
    const artifact = this.artifacts.find((a) => a.id === id);
    const use = request.method === 'PUT' ? 'upload' : 'download';
    if (
      artifact === undefined ||
      url.searchParams.get('sig') !== this.#signature ||
      url.searchParams.get('use') !== use
    ) {
      return blobError(response, 403, 'AuthenticationFailed');
    }
    if (use === 'download') return this.#download(artifact, response);
    if (this.faults.refuseUploads) return blobError(response, 403, 'AuthorizationFailure');
    if (this.faults.cutUploads > 0) {
      this.faults.cutUploads--;
      request.once('data', () => request.destroy());
      return;
    }
    const body = await readAll(request);
    const blockId = url.searchParams.get('blockid') ?? '';
    switch (url.searchParams.get('comp')) {
      case 'block':
        this.#blocks.set(`${id} ${blockId}`, body);
        break;
      case 'blocklist': {
        const ids = [...body.toString('utf8').matchAll(/<Latest>([^<]+)<\/Latest>/g)].map((match) => match[1] ?? '');
        const blocks = ids.map((block) => this.#blocks.get(`${id} ${block}`));
        if (blocks.includes(undefined)) return blobError(response, 400, 'InvalidBlockList');
        artifact.content = Buffer.concat(blocks.filter((block) => block !== undefined));
        break;
      }
      default:
        if (request.headers['x-ms-blob-type'] !== 'BlockBlob') return blobError(response, 400, 'MissingRequiredHeader');
        artifact.content = body;
    }
    response.writeHead(201, { etag: '"0x1"', 'last-modified': new Date().toUTCString(), 'x-ms-request-id': '1' }).end();
  }

  #download(artifact: StoredArtifact, response: ServerResponse): void {
    const content = Buffer.from(artifact.content);
    if (this.faults.corruptDownloads) {
      const middle = Math.floor(content.length / 2);
      content[middle] = (content[middle] ?? 0) ^ 0xff;
    }
    response.writeHead(200, {
      'content-type': 'application/zip',
      'content-length': content.length,
      'content-disposition': `attachment; filename="${artifact.name}.zip"`,
    });
    response.end(content);
  }

  // --- the REST API ---

  async #rest(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = url.pathname.replace(/^\/api/, '');
    const home = `/repos/${this.repository.full_name}`;
    if (request.headers.authorization?.replace(/^(Bearer|token) /i, '') !== this.token) {
      return send(response, 401, { message: 'Bad credentials' });
    }
    if (path === home) return send(response, 200, this.repository);
    if (!path.startsWith(`${home}/`)) return send(response, 404, { message: 'Not Found' });
    if (path.startsWith(`${home}/compare/`)) {
      const sha = path.split('...')[1] ?? '';
      return send(response, 200, { status: this.strayCommits.has(sha) ? 'diverged' : 'behind', commits: [] });
    }
    if (this.faults.noActionsRead) {
      return send(response, 403, { message: 'Resource not accessible by integration' });
    }
    const runId = /\/actions\/runs\/(\d+)/.exec(path)?.[1];
    if (runId !== undefined && path.endsWith('/artifacts')) {
      const name = url.searchParams.get('name');
      const found = this.artifacts.filter(
        (a) => a.runId === runId && a.digest !== undefined && (name === null || a.name === name),
      );
      return send(response, 200, {
        total_count: found.length,
        artifacts: found.map((a) => ({
          id: a.id,
          name: a.name,
          size_in_bytes: a.content.length,
          created_at: a.createdAt,
          digest: a.digest,
          expired: a.expired,
        })),
      });
    }
    const run = runId === undefined ? undefined : this.runs.get(runId);
    if (run !== undefined) return send(response, 200, { id: Number(runId), ...run });
    const artifactId = Number(/\/actions\/artifacts\/(\d+)\/zip$/.exec(path)?.[1]);
    const artifact = this.artifacts.find((a) => a.id === artifactId);
    if (artifact === undefined) return send(response, 404, { message: 'Not Found' });
    if (artifact.expired) return send(response, 410, { message: 'Artifact has expired' });
    response.writeHead(302, { location: this.#signed(artifact.id, 'download') }).end();
  }
}

/** A token as the runner gives it: a JWT whose scope names the run. The service does not look at the signature. */
function runtimeToken(runId: string, secondsLeft: number): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + secondsLeft;
  const claims = { exp, scp: `Actions.GenericRead:x Actions.Results:${runId}:job-1` };
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.${randomBytes(32).toString('base64url')}`;
}

function runOfToken(header: string | undefined): string | undefined {
  const payload = header?.replace(/^Bearer /, '').split('.')[1];
  if (payload === undefined) return undefined;
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { exp: number; scp: string };
  return claims.exp * 1000 < Date.now() ? undefined : /Actions\.Results:([^: ]+):/.exec(claims.scp)?.[1];
}

function sha256(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function blobError(response: ServerResponse, status: number, code: string): void {
  response
    .writeHead(status, { 'content-type': 'application/xml', 'x-ms-error-code': code })
    .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}
