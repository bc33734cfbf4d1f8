import { describe, expect, it } from 'vitest';
import { CertkeepError } from '../model/problems.ts';
import type { ApiAnswer, GitHubContext } from './github.ts';
import { checkOrigin, otherRun } from './origin.ts';

const REPO = 'acme/platform';
const github: GitHubContext = {
  repository: REPO,
  runId: '100',
  serverUrl: 'https://github.com',
  apiUrl: '',
  uses: '',
  event: undefined,
};
const from = { runId: '99', repository: REPO };
const GOOD_RUN = {
  event: 'schedule',
  head_branch: 'main',
  head_sha: 'c0ffee',
  path: '.github/workflows/backup.yml',
  repository: { id: 1, full_name: REPO },
  head_repository: { id: 1, full_name: REPO },
};

interface World {
  run?: Partial<Record<keyof typeof GOOD_RUN, unknown>>;
  runStatus?: number;
  comparison?: ApiAnswer;
}

/** Runs the check in a world, and gives the code and message of its refusal; '' where it lets pass. */
async function refusal(world: World, workflow = '', run = from): Promise<string> {
  try {
    await checkOrigin(run, workflow, github, async (path) => {
      if (path.includes('/compare/')) return world.comparison ?? { status: 200, body: { status: 'behind' } };
      if (path.includes('/actions/runs/')) {
        const status = world.runStatus ?? 200;
        return { status, body: status === 200 ? { ...GOOD_RUN, ...world.run } : undefined };
      }
      return { status: 200, body: { full_name: REPO, default_branch: 'main' } };
    });
    return '';
  } catch (error) {
    if (!(error instanceof CertkeepError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

describe('otherRun', () => {
  it('is undefined for this run', () => {
    expect(otherRun({ runId: '', repository: '' }, github)).toBeUndefined();
    expect(otherRun({ runId: '100', repository: '' }, github)).toBeUndefined();
    expect(otherRun({ runId: '100', repository: 'ACME/platform' }, github)).toBeUndefined();
  });
  it('names any other', () => {
    expect(otherRun({ runId: '99', repository: '' }, github)).toEqual(from);
    expect(otherRun({ runId: '100', repository: 'acme/other' }, github)).toEqual({
      runId: '100',
      repository: 'acme/other',
    });
  });
});

describe('checkOrigin', () => {
  it('lets a run of the default branch pass', async () => {
    expect(await refusal({})).toBe('');
    expect(await refusal({ run: { event: 'workflow_dispatch' } })).toBe('');
    expect(await refusal({}, 'backup.yml')).toBe('');
    expect(await refusal({ run: { path: '.github/workflows/backup.yml@main' } }, '.github/workflows/backup.yml')).toBe(
      '',
    );
  });

  it.each<[string, World, string]>([
    ['a fork', { run: { head_repository: { id: 2, full_name: 'eve/platform' } } }, 'code of a fork'],
    ['a fork that was deleted', { run: { head_repository: null } }, 'code of a fork'],
    ['a pull request', { run: { event: 'pull_request' } }, 'by a pull request'],
    ['a pull request with rights', { run: { event: 'pull_request_target' } }, 'by a pull request'],
    ['a review', { run: { event: 'pull_request_review' } }, 'by a pull request'],
    ['another branch', { run: { head_branch: 'feature' } }, 'not on the default branch'],
    ['no branch', { run: { head_branch: null } }, 'not on the default branch'],
    ['another repository by its answer', { run: { repository: { id: 3, full_name: 'eve/x' } } }, 'another repository'],
    [
      'a tag with the name of the branch',
      { comparison: { status: 200, body: { status: 'diverged' } } },
      'its commit is not part',
    ],
    ['an answer that is none', { run: { event: 7 } }, 'could not be understood'],
  ])('refuses a run of %s', async (_, world, reason) => {
    const said = await refusal(world);
    expect(said).toMatch(/^untrusted-origin: /);
    expect(said).toContain(reason);
  });

  it('refuses another workflow where one is named', async () => {
    expect(await refusal({}, 'nightly.yml')).toContain('untrusted-origin');
    expect(await refusal({ run: { path: '.github/workflows/xbackup.yml' } }, 'backup.yml')).toContain(
      'untrusted-origin',
    );
  });

  it('refuses another repository without asking', async () => {
    expect(await refusal({}, '', { runId: '99', repository: 'acme/other' })).toContain('untrusted-origin');
  });

  it('does not need the permission to compare commits', async () => {
    expect(await refusal({ comparison: { status: 403, body: undefined } })).toBe('');
  });

  it('says what is wrong with the token or the id', async () => {
    expect(await refusal({ runStatus: 403 })).toMatch(/^artifact-service: .*actions: read/);
    expect(await refusal({ runStatus: 401 })).toMatch(/^artifact-service: .*expired/);
    expect(await refusal({ runStatus: 404 })).toMatch(/^artifact-not-found: /);
  });

  it('does not repeat a hostile branch name as it is', async () => {
    const said = await refusal({ run: { head_branch: '`::error::<b>x\n' } });
    expect(said).not.toMatch(/::|<b>|\n/);
  });
});
