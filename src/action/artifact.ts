import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type ArtifactClient, DefaultArtifactClient, type FindOptions } from '@actions/artifact';
import type { GitHubContext } from './github.ts';
import { githubRefusal, type OtherRun } from './origin.ts';
import { PublicError } from './public-error.ts';

export interface UploadedArtifact {
  id: number;
  /** `sha256:<hex>` of the .zip. */
  digest: string;
  /** The page from which a person downloads it. */
  url: string;
}

export interface DownloadedArtifact {
  /** The .zip on disk, as it was uploaded. */
  path: string;
  id: number;
  /** `sha256:<hex>` of the .zip. */
  digest: string;
}

/**
 * Uploads a directory as an artifact of this run. An artifact of that name is never overwritten: overwriting deletes the
 * old one first, and a failure after that would leave no backup at all.
 *
 * @throws PublicError `artifact-service`
 */
export async function uploadBackup(
  directory: string,
  options: { name: string; retentionDays: number | undefined; github: GitHubContext; client?: ArtifactClient },
): Promise<UploadedArtifact> {
  const { name, retentionDays, github } = options;
  const client = options.client ?? new DefaultArtifactClient();
  try {
    const files = await filesBelow(directory);
    const answer = await client.uploadArtifact(
      name,
      files,
      directory,
      retentionDays === undefined ? {} : { retentionDays },
    );
    if (answer.id === undefined || answer.digest === undefined || answer.digest === '') {
      throw new Error('the service gave no id or digest');
    }
    return {
      id: answer.id,
      digest: withPrefix(answer.digest),
      url: `${github.serverUrl}/${github.repository}/actions/runs/${github.runId}/artifacts/${answer.id}`,
    };
  } catch (error) {
    throw explain(error, { name, doing: 'upload' });
  }
}

/**
 * Downloads the newest artifact of a name, of this run or of another, as a .zip into `directory` (made where missing), and
 * compares its digest with the one that the service recorded at upload.
 *
 * @throws PublicError `artifact-not-found`, `artifact-service`; `damaged-backup` where the digest differs.
 */
export async function downloadBackup(
  directory: string,
  options: { name: string; from: OtherRun | undefined; token: string; client?: ArtifactClient },
): Promise<DownloadedArtifact> {
  const { name, from, token } = options;
  const client = options.client ?? new DefaultArtifactClient();
  const find = from === undefined ? {} : findBy(from, token);
  try {
    const { artifact } = await client.getArtifact(name, find);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const { digestMismatch } = await client.downloadArtifact(artifact.id, {
      ...find,
      path: directory,
      // The .zip as it is: the reader of backups opens it with its own limits on sizes and paths.
      skipDecompress: true,
      ...(artifact.digest === undefined || artifact.digest === '' ? {} : { expectedHash: withPrefix(artifact.digest) }),
    });
    if (digestMismatch === true) {
      throw new PublicError(
        'damaged-backup',
        `Artifact \`${name}\`: what was downloaded has another digest than what was uploaded. It was changed or cut on the way.`,
        'Run the job again. If it happens again, take another backup and do not use this one.',
      );
    }
    const path = join(directory, 'backup.zip');
    await rename(await onlyFile(directory), path);
    return { path, id: artifact.id, digest: await digestOf(path) };
  } catch (error) {
    throw error instanceof PublicError ? error : explain(error, { name, doing: 'download', from });
  }
}

function findBy(from: OtherRun, token: string): FindOptions {
  const [repositoryOwner = '', repositoryName = ''] = from.repository.split('/');
  return { findBy: { token, workflowRunId: Number(from.runId), repositoryOwner, repositoryName } };
}

/** @actions/artifact gives bare hex for an upload and `sha256:<hex>` elsewhere. */
function withPrefix(digest: string): string {
  return digest.startsWith('sha256:') ? digest : `sha256:${digest}`;
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** The service chooses the name of the downloaded file. */
async function onlyFile(directory: string): Promise<string> {
  const [first] = await readdir(directory);
  if (first === undefined) throw new Error('nothing was written');
  return join(directory, first);
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return `sha256:${hash.digest('hex')}`;
}

interface Attempt {
  name: string;
  doing: 'upload' | 'download';
  from?: OtherRun | undefined;
}

/**
 * What a failure of @actions/artifact means. The library wraps most errors of its service in plain errors whose text is all
 * there is; those of the REST API carry `status`.
 */
export function explain(error: unknown, attempt: Attempt): PublicError {
  const { name, doing, from } = attempt;
  const text = error instanceof Error ? error.message : String(error);
  const kind = error instanceof Error ? error.name : '';
  const service = (message: string, fix: string) => new PublicError('artifact-service', message, fix, { cause: error });

  if (from !== undefined && hasStatus(error)) return githubRefusal(error.status, from);
  if (kind === 'GHESNotSupportedError') {
    return service(
      'This is GitHub Enterprise Server, whose artifact service the current artifact library does not speak.',
      doing === 'upload'
        ? 'Give `path`, a directory for the backup, and upload that with `actions/upload-artifact@v3` in the next step; the output `backup-path` names it.'
        : 'Download the artifact with `actions/download-artifact@v3` in a step before, and give its directory as `path`.',
    );
  }
  if (kind === 'ArtifactNotFoundError') {
    return new PublicError(
      'artifact-not-found',
      `There is no artifact \`${name}\` in ${from === undefined ? 'this run' : `run ${from.runId} of ${from.repository}`}. Likely the job that makes it failed or has not run, it has another name, or it has expired.`,
      from === undefined
        ? 'Let this job `need` the job with `mode: backup`; for a backup of an earlier run give `run-id`; for one on disk give `path`.'
        : "Look at the run's page for its artifacts, and give `artifact-name` as it is there.",
      { cause: error },
    );
  }
  if (/ACTIONS_RUNTIME_TOKEN|ACTIONS_RESULTS_URL|JWT token is invalid|Invalid token specified/.test(text)) {
    return service(
      "The runner's access to its artifact service is missing. Likely the action's bundle was started by `run:` instead of `uses:`, or the runner is not GitHub's.",
      'Start it with `uses:`. Without an artifact service give `path`.',
    );
  }
  if (/\(401\)|\(403\)/.test(text)) {
    return service(
      "The artifact service refused the job's token. Likely the token has expired: it lives as long as a job may run, at most a day.",
      'Run the job again, and keep what comes before this step in its job short.',
    );
  }
  if (/\(409\)|already exists/i.test(text)) {
    return service(
      `The run already has an artifact \`${name}\`. Likely the step runs twice, or once in each job of a matrix; a backup is never overwritten.`,
      `Give each its own name, such as \`artifact-name: ${name}-\${{ matrix.cluster }}\`.`,
    );
  }
  if (/storage quota|insufficient usage/i.test(text)) {
    return service(
      "The account's storage for artifacts is used up, so nothing was uploaded.",
      'Delete old artifacts, give `retention-days`, or raise the limit in the billing settings; GitHub counts anew every 6 to 12 hours. Until then give `path` and store the backup elsewhere.',
    );
  }
  if (doing === 'upload') {
    return service(
      `The backup could not be uploaded as artifact \`${name}\`: the connection to the artifact service broke, or it failed. Nothing usable was stored.`,
      "Run the job again. On a self-hosted runner let it reach GitHub's artifact storage; https://www.githubstatus.com tells of outages.",
    );
  }
  return service(
    `Artifact \`${name}\` could not be downloaded: the connection broke, or the artifact service failed.`,
    'Run the job again; if the artifact has expired, take a newer one. https://www.githubstatus.com tells of outages.',
  );
}

function hasStatus(error: unknown): error is { status: number } {
  return typeof error === 'object' && error !== null && typeof (error as { status?: unknown }).status === 'number';
}
