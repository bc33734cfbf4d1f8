import { CertkeepError } from '../model/problems.ts';

export interface ModeOptions {
  secrets: 'auto' | 'all' | 'issuer' | 'none';
  recipients: readonly string[];
  allowPlaintextSecrets: boolean;
  baseline?: 'secrets' | 'requests';
}

/**
 * Which Secrets are captured: `auto` means all where they can be encrypted (or plain text is allowed), else none.
 * @throws CertkeepError `plaintext-secrets` where Secrets are asked for and would be written as plain text; `wrong-usage`
 * where they are asked for and nothing of Secrets is to be read.
 */
export function secretsMode(options: ModeOptions): 'all' | 'issuer' | 'none' {
  if (options.baseline === 'requests') return withoutSecrets(options);
  const writable = options.recipients.length > 0 || options.allowPlaintextSecrets;
  if (options.secrets === 'auto') return writable ? 'all' : 'none';
  if (options.secrets !== 'none' && !writable) {
    throw new CertkeepError(
      'plaintext-secrets',
      `--secrets ${options.secrets} without a recipient would write private keys as plain text.`,
      'Give --recipient with an age public key (age-keygen makes a pair), or --allow-plaintext-secrets if the backup is kept where only you can read it.',
    );
  }
  return options.secrets;
}

/** Whoever wants a baseline of requests wants nothing of Secrets read; what is asked for besides must not say otherwise. */
function withoutSecrets(options: ModeOptions): 'none' {
  const { secrets } = options;
  if (secrets === 'none' || (secrets === 'auto' && options.recipients.length === 0 && !options.allowPlaintextSecrets)) {
    return 'none';
  }
  throw new CertkeepError(
    'wrong-usage',
    '--baseline requests reads nothing of Secrets, so none can be captured.',
    'Add --secrets none, or leave out --baseline requests.',
  );
}
