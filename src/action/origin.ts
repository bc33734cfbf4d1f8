import { z } from 'zod';
import { type AskGitHub, type GitHubContext, unreachableGitHub } from './github.ts';
import { PublicError } from './public-error.ts';

/** The run that a backup is taken from, where it is not this one. */
export interface OtherRun {
  runId: string;
  /** `owner/name`. */
  repository: string;
}

/** The run that the inputs name; undefined where it is this very run, whose artifacts are taken as they are. */
export function otherRun(inputs: { runId: string; repository: string }, github: GitHubContext): OtherRun | undefined {
  const repository = inputs.repository === '' ? github.repository : inputs.repository;
  if (inputs.runId === '') return undefined;
  return inputs.runId === github.runId && sameName(repository, github.repository)
    ? undefined
    : { runId: inputs.runId, repository };
}

/** What is read of a workflow run (REST API, "Get a workflow run"). */
const RUN = z.object({
  event: z.string(),
  head_branch: z.string().nullable(),
  head_sha: z.string().optional(),
  path: z.string(),
  repository: z.object({ id: z.number(), full_name: z.string() }),
  head_repository: z.object({ id: z.number(), full_name: z.string() }).nullable().optional(),
});
const REPOSITORY = z.object({ default_branch: z.string().min(1) });
const COMPARISON = z.object({ status: z.string() });

/**
 * Makes sure that a backup of another run may be restored. Encryption to a public key proves nothing about the sender,
 * and whoever may open a pull request can upload an artifact of any name. So the run must belong to this repository, not
 * to a fork, to its default branch, to an event that is no pull request, and to `workflow` where given.
 *
 * @throws PublicError `untrusted-origin` with the reason; `artifact-not-found` where there is no such run;
 * `artifact-service` where GitHub cannot be asked.
 */
export async function checkOrigin(
  run: OtherRun,
  workflow: string,
  github: GitHubContext,
  ask: AskGitHub,
): Promise<void> {
  if (!sameName(run.repository, github.repository)) {
    throw untrusted(run, `it belongs to the repository ${run.repository}, not to this one`);
  }
  const details = RUN.safeParse(await get(ask, `/repos/${run.repository}/actions/runs/${run.runId}`, run));
  if (!details.success) throw untrusted(run, "GitHub's answer about it could not be understood");
  const { event, head_branch: branch, path, repository, head_repository: head } = details.data;

  if (!sameName(repository.full_name, github.repository)) {
    throw untrusted(run, 'it belongs to another repository');
  }
  if (head === null || head === undefined || head.id !== repository.id) {
    throw untrusted(run, 'it ran code of a fork');
  }
  if (event.startsWith('pull_request')) {
    throw untrusted(run, `it was started by a pull request (event ${word(event)})`);
  }
  const home = REPOSITORY.safeParse(await get(ask, `/repos/${run.repository}`, run));
  if (!home.success) throw untrusted(run, "the repository's default branch could not be found out");
  if (branch !== home.data.default_branch) {
    throw untrusted(
      run,
      `it ran on ${word(branch ?? 'no branch')}, not on the default branch ${word(home.data.default_branch)}`,
    );
  }
  if (workflow !== '' && !isWorkflow(path, workflow)) {
    throw untrusted(run, `it is a run of ${word(path)}, not of ${word(workflow)} as the input \`workflow\` asks`);
  }
  const sha = details.data.head_sha;
  if (sha !== undefined && (await isElsewhere(run, home.data.default_branch, sha, ask))) {
    throw untrusted(
      run,
      'its commit is not part of the default branch, whatever the name says (a tag can have any name)',
    );
  }
}

/**
 * `head_branch` also holds a tag's name, and a tag can be called like the default branch. True only where GitHub says that
 * the commit is not on that branch: comparing needs the permission `contents: read`, which is not asked for.
 */
async function isElsewhere(run: OtherRun, branch: string, sha: string, ask: AskGitHub): Promise<boolean> {
  const range = `${encodeURIComponent(branch)}...${encodeURIComponent(sha)}`;
  const { status, body } = await ask(`/repos/${run.repository}/compare/${range}?per_page=1`);
  const comparison = COMPARISON.safeParse(body);
  return status === 200 && comparison.success && ['ahead', 'diverged'].includes(comparison.data.status);
}

/** The API gives `.github/workflows/backup.yml`, sometimes with `@ref` behind it. */
function isWorkflow(path: string, workflow: string): boolean {
  const file = path.replace(/@.*$/, '');
  return workflow.includes('/') ? file === workflow : file === `.github/workflows/${workflow}`;
}

async function get(ask: AskGitHub, path: string, run: OtherRun): Promise<unknown> {
  const { status, body } = await ask(path);
  if (status === 200) return body;
  throw githubRefusal(status, run);
}

/** Why GitHub's REST API refused to tell of a run or to give its artifact. */
export function githubRefusal(status: number, run: OtherRun): PublicError {
  if (status === 404) {
    return new PublicError(
      'artifact-not-found',
      `Run ${run.runId} of ${run.repository} is not there, or the token may not see it. Likely the id is wrong, the run was deleted, or the token is not meant for that repository.`,
      'Take the id from the address of the run. For another repository give a `github-token` that may read it.',
    );
  }
  if (status === 410) {
    return new PublicError(
      'artifact-not-found',
      `The artifact of run ${run.runId} has expired, and GitHub has deleted it.`,
      'Take a newer run, and a longer `retention-days` for the next backup.',
    );
  }
  if (status >= 500) return unreachableGitHub();
  const refused =
    status === 401 ? 'does not accept the token (expired, revoked or mistyped)' : `refused it (${status})`;
  return new PublicError(
    'artifact-service',
    `GitHub was asked about run ${run.runId} of ${run.repository} and ${refused}. Likely the job lacks the permission \`actions: read\`, or a limit of requests is used up.`,
    'Add `permissions: { actions: read, contents: read }` to the job, or give a `github-token` with that permission.',
  );
}

function untrusted(run: OtherRun, reason: string): PublicError {
  return new PublicError(
    'untrusted-origin',
    `The backup of run ${run.runId} is not taken: ${reason}. Whoever can open a pull request can upload an artifact of any name, and encryption does not show who made it.`,
    'If you know the backup, give its root digest as `expect-root` (the output `root-digest` of the step that made it); else take a run of the default branch of this repository.',
  );
}

/** A name from GitHub's answer: anyone can name a branch. */
function word(text: string): string {
  return `\`${text.replace(/[^A-Za-z0-9_./@-]/g, '?').slice(0, 100)}\``;
}

function sameName(a: string, b: string): boolean {
  return a !== '' && a.toLowerCase() === b.toLowerCase();
}
