/** What a credential plugin or an OIDC login gives; at least a token, or a certificate with its key. */
export interface Credential {
  token: string;
  /** PEM. */
  certificate: string;
  key: string;
  /** Milliseconds since the epoch; Infinity where no end is told. */
  expires: number;
}

/** A function that gives the credential, and asks for another one only once the last has expired. */
export function kept(ask: () => Promise<Credential>): () => Promise<Credential> {
  let last: Credential | undefined;
  return async () => {
    if (last === undefined || last.expires <= Date.now()) last = await ask();
    return last;
  };
}
