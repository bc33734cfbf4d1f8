import type { AskGitHub, GitHubContext } from './github.ts';
import type { Inputs } from './inputs.ts';
import { PublicError } from './public-error.ts';

/** Who can read the repository, and with it every artifact, log and summary. */
export type Visibility = 'private' | 'internal' | 'public' | 'unknown';

/**
 * The visibility as the event's payload tells it. Some events (`schedule` among them) carry no repository, and a payload
 * of another repository tells nothing of this one: then `unknown`. Where the two fields disagree, the more open one counts.
 */
export function visibilityOfEvent(event: unknown, repository: string): Visibility {
  return isRecord(event) ? visibilityOf(event.repository, repository) : 'unknown';
}

function visibilityOf(value: unknown, repository: string): Visibility {
  if (!isRecord(value)) return 'unknown';
  const name = value.full_name;
  if (typeof name === 'string' && name.toLowerCase() !== repository.toLowerCase()) return 'unknown';
  if (value.visibility === 'public' || value.private === false) return 'public';
  if (value.visibility === 'private' || value.visibility === 'internal') return value.visibility;
  return value.visibility === undefined && value.private === true ? 'private' : 'unknown';
}

/** The visibility from the payload, or else from the REST API; `unknown` where neither tells. Never throws. */
export async function findVisibility(github: GitHubContext, ask: AskGitHub): Promise<Visibility> {
  const fromEvent = visibilityOfEvent(github.event, github.repository);
  if (fromEvent !== 'unknown' || github.repository === '') return fromEvent;
  try {
    const { status, body } = await ask(`/repos/${github.repository}`);
    return status === 200 ? visibilityOf(body, github.repository) : 'unknown';
  } catch {
    return 'unknown';
  }
}

/** True where strangers may read what the step writes. */
export function isOpen(visibility: Visibility): boolean {
  return visibility === 'public' || visibility === 'unknown';
}

/** What a backup may put into an artifact. */
export interface Exposure {
  encrypt: 'secrets' | 'all';
  allowPlaintextSecrets: boolean;
}

/**
 * Decides what is encrypted. In a repository that strangers can read, plaintext Secrets are refused whatever the inputs
 * say, and everything is encrypted unless `encrypt` says otherwise.
 *
 * @throws PublicError `plaintext-secrets` for plaintext in an open repository; `wrong-usage` where everything is to be
 * encrypted and there is no key to encrypt to.
 */
export function exposure(inputs: Inputs, recipients: readonly string[], visibility: Visibility): Exposure {
  const sealed = recipients.length > 0;
  if (!isOpen(visibility)) {
    const encrypt = inputs.encrypt ?? 'secrets';
    if (encrypt === 'all' && !sealed) throw noRecipient('`encrypt: all` needs a key to encrypt to.', '');
    return { encrypt, allowPlaintextSecrets: inputs.allowPlaintextSecrets };
  }
  const why =
    visibility === 'public'
      ? 'The repository is public: everyone can download its artifacts.'
      : 'Whether the repository is public cannot be told here, so it is treated as public.';
  if (inputs.allowPlaintextSecrets && !sealed) {
    throw new PublicError(
      'plaintext-secrets',
      `${why} Secrets are not written to it in plaintext, whatever \`allow-plaintext-secrets\` says.`,
      `Give \`age-recipients\` (a public key that \`age-keygen\` makes), or take the backup in a private repository.${unknownHint(visibility)}`,
    );
  }
  const encrypt = inputs.encrypt ?? 'all';
  if (encrypt === 'all' && !sealed) {
    throw noRecipient(
      `${why} The whole backup is therefore encrypted, and there is no key to encrypt it to.`,
      ` Or set \`encrypt: secrets\`, if everyone may read the issuers and Certificates; Secrets are left out then.${unknownHint(visibility)}`,
    );
  }
  return { encrypt, allowPlaintextSecrets: false };
}

function noRecipient(message: string, more: string): PublicError {
  return new PublicError(
    'wrong-usage',
    message,
    `Give \`age-recipients\`, a public key that \`age-keygen -o key.txt\` makes.${more}`,
  );
}

function unknownHint(visibility: Visibility): string {
  return visibility === 'unknown'
    ? ' If the repository is private, give the step a `github-token` that may read it.'
    : '';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
