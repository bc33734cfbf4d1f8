import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { parseDuration } from '../model/duration.ts';
import { CertkeepError } from '../model/problems.ts';

/** What a CA allows, by ACME server. */
export interface CaLimits {
  /** Name of the CA for people. */
  name: string;
  /** Host names of its ACME directories. */
  hosts: readonly string[];
  limits: readonly CaLimit[];
}

/** So many orders in any such window, counted by that. */
export interface CaLimit {
  per: 'registered-domain' | 'exact-names' | 'account';
  count: number;
  /** As people write it: `7d`. */
  window: string;
  /** Whether an order for names that were on one certificate before counts too. */
  countsRenewals: boolean;
}

/**
 * The published limits that certkeep knows.
 *
 * Let's Encrypt: https://letsencrypt.org/docs/rate-limits/ (edition of June 2025): 300 orders an account every 3 hours;
 * 50 certificates a registered domain (or IPv4 address, or IPv6 /64) every 7 days; 5 certificates an exact set of
 * identifiers every 7 days. An order for exactly the names of an earlier certificate is a renewal, which the first two
 * do not count and the third does. They refill gradually; a burst up to the count is allowed.
 */
export const KNOWN_LIMITS: readonly CaLimits[] = [
  {
    name: "Let's Encrypt",
    hosts: ['acme-v02.api.letsencrypt.org'],
    limits: [
      { per: 'registered-domain', count: 50, window: '7d', countsRenewals: false },
      { per: 'exact-names', count: 5, window: '7d', countsRenewals: true },
      { per: 'account', count: 300, window: '3h', countsRenewals: false },
    ],
  },
];

const window = z.string().refine((text) => (parseDuration(text) ?? 0) > 0, 'not a duration such as 3h or 7d');

const fileSchema = z.strictObject({
  cas: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(100),
        hosts: z.array(z.string().min(1).max(253)).min(1).max(100),
        limits: z
          .array(
            z.strictObject({
              per: z.enum(['registered-domain', 'exact-names', 'account']),
              count: z.int().min(1),
              window,
              countsRenewals: z.boolean(),
            }),
          )
          .max(20),
      }),
    )
    .max(1000),
});

/**
 * The limits of a file, in JSON: `{"cas": [{"name", "hosts": […], "limits": [{"per", "count", "window",
 * "countsRenewals"}]}]}`. Throws CertkeepError wrong-usage that names the field.
 */
export function parseLimits(text: string, file: string): CaLimits[] {
  const refuse = (what: string) =>
    new CertkeepError(
      'wrong-usage',
      `${file} does not list CAs' limits: ${what}.`,
      'Write {"cas":[{"name":"My CA","hosts":["acme.example.com"],"limits":[{"per":"registered-domain","count":50,"window":"7d","countsRenewals":false}]}]}',
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse('it is not JSON');
  }
  const parsed = fileSchema.safeParse(value);
  if (parsed.success) return parsed.data.cas;
  const [issue] = parsed.error.issues;
  throw refuse(`${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'of a wrong shape'}`);
}

/** The same of a file on disk. Throws CertkeepError wrong-usage where it cannot be read. */
export async function readLimits(file: string): Promise<CaLimits[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'error';
    throw new CertkeepError('wrong-usage', `${file} cannot be read (${code}).`, 'Correct --ca-limits.', { cause });
  }
  return parseLimits(text, file);
}

/** Those of a server; undefined where none are known. What is given goes before what certkeep knows. */
export function limitsOf(server: string, given: readonly CaLimits[]): CaLimits | undefined {
  const host = URL.parse(server)?.hostname;
  return host === undefined ? undefined : [...given, ...KNOWN_LIMITS].find(({ hosts }) => hosts.includes(host));
}
