import { describe, expect, it } from 'vitest';
import { CertkeepError } from '../model/problems.ts';
import type { GitHubContext } from './github.ts';
import { type Inputs, loadInputs } from './inputs.ts';
import { exposure, findVisibility, isOpen, type Visibility, visibilityOfEvent } from './visibility.ts';

const REPO = 'acme/platform';
const event = (repository: Record<string, unknown>) => ({ repository: { full_name: REPO, ...repository } });

describe('visibilityOfEvent', () => {
  it.each<[unknown, Visibility]>([
    [event({ visibility: 'private', private: true }), 'private'],
    [event({ visibility: 'internal', private: true }), 'internal'],
    [event({ visibility: 'public', private: false }), 'public'],
    [event({ private: true }), 'private'],
    [event({ private: false }), 'public'],
    // Where the two disagree, the more open one counts.
    [event({ visibility: 'private', private: false }), 'public'],
    [event({ visibility: 'public', private: true }), 'public'],
    [event({ visibility: 'sealed', private: true }), 'unknown'],
    [event({}), 'unknown'],
    [{ repository: { full_name: 'acme/other', private: true } }, 'unknown'],
    [{ schedule: '0 0 * * *' }, 'unknown'],
    [{ repository: null }, 'unknown'],
    [undefined, 'unknown'],
    ['text', 'unknown'],
  ])('%j is %s', (payload, visibility) => expect(visibilityOfEvent(payload, REPO)).toBe(visibility));
});

describe('findVisibility', () => {
  const github = (payload: unknown): GitHubContext => ({
    repository: REPO,
    runId: '1',
    serverUrl: '',
    apiUrl: '',
    uses: '',
    event: payload,
  });

  it('asks the API only where the event does not tell', async () => {
    const never = async () => {
      throw new Error('asked');
    };
    expect(await findVisibility(github(event({ private: true })), never)).toBe('private');
    const body = { full_name: REPO, visibility: 'private', private: true };
    expect(await findVisibility(github({}), async () => ({ status: 200, body }))).toBe('private');
  });

  it('is unknown where nobody tells', async () => {
    expect(await findVisibility(github({}), async () => ({ status: 404, body: undefined }))).toBe('unknown');
    expect(
      await findVisibility(github({}), async () => {
        throw new Error('no network');
      }),
    ).toBe('unknown');
  });
});

describe('exposure', () => {
  const inputs = (change: Partial<Inputs> = {}): Inputs => ({ ...loadInputs({}), ...change });
  const code = (change: Partial<Inputs>, recipients: string[], visibility: Visibility): string => {
    try {
      exposure(inputs(change), recipients, visibility);
      return '';
    } catch (error) {
      return error instanceof CertkeepError ? error.code : 'other';
    }
  };

  it.each<Visibility>(['public', 'unknown'])('in a repository that is %s', (visibility) => {
    expect(isOpen(visibility)).toBe(true);
    expect(exposure(inputs(), ['age1x'], visibility)).toEqual({ encrypt: 'all', allowPlaintextSecrets: false });
    expect(exposure(inputs({ encrypt: 'secrets', allowPlaintextSecrets: true }), ['age1x'], visibility)).toEqual({
      encrypt: 'secrets',
      allowPlaintextSecrets: false,
    });
    expect(exposure(inputs({ encrypt: 'secrets' }), [], visibility).allowPlaintextSecrets).toBe(false);
    expect(code({ allowPlaintextSecrets: true }, [], visibility)).toBe('plaintext-secrets');
    expect(code({ allowPlaintextSecrets: true, encrypt: 'secrets' }, [], visibility)).toBe('plaintext-secrets');
    expect(code({}, [], visibility)).toBe('wrong-usage');
  });

  it.each<Visibility>(['private', 'internal'])('in a repository that is %s', (visibility) => {
    expect(isOpen(visibility)).toBe(false);
    expect(exposure(inputs(), [], visibility)).toEqual({ encrypt: 'secrets', allowPlaintextSecrets: false });
    expect(exposure(inputs({ allowPlaintextSecrets: true }), [], visibility).allowPlaintextSecrets).toBe(true);
    expect(code({ encrypt: 'all' }, [], visibility)).toBe('wrong-usage');
  });
});
