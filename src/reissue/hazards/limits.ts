import { gather } from '../gates.ts';
import type { ReissueInput } from '../input.ts';
import type { Rules } from '../versions.ts';
import { ISSUE, type Row } from './row.ts';

type Limit = 'requestPemLimit' | 'privateKeyPemLimit' | 'certificatePemLimit';

/** Bytes of a base64 text. */
const bytes = (text: unknown): number => (typeof text === 'string' ? Buffer.from(text, 'base64').length : 0);

const SIZES: Record<Limit, (input: ReissueInput) => number> = {
  requestPemLimit: ({ certificate, requests }) => bytes(gather(certificate, requests).current?.spec?.request),
  privateKeyPemLimit: ({ secret }) => bytes(secret?.data?.['tls.key']),
  certificatePemLimit: ({ secret }) => bytes(secret?.data?.['tls.crt']),
};

const allows = (rules: Rules, limit: Limit, size: number): boolean => size <= (rules[limit] ?? Number.MAX_SAFE_INTEGER);

const lower = (limit: Limit): Pick<Row<ReissueInput>, 'crosses' | 'touches'> => ({
  crosses: ({ from, to }) => (to[limit] ?? Number.MAX_SAFE_INTEGER) < (from[limit] ?? Number.MAX_SAFE_INTEGER),
  touches: (input, { from, to }) => {
    const size = SIZES[limit](input);
    return allows(from, limit, size) && !allows(to, limit, size);
  },
});

/** The releases that brought limits at all (GHSA-r4pg-vg54-wxx4). */
const SINCE = ['1.12.14', '1.15.4', '1.16.2', '1.17.0'];
const ADVISORY = {
  source: 'cert-manager security advisory GHSA-r4pg-vg54-wxx4',
  url: 'https://github.com/cert-manager/cert-manager/security/advisories/GHSA-r4pg-vg54-wxx4',
};

/** Limits of the size of PEM texts. */
export const LIMIT_ROWS: Row<ReissueInput>[] = [
  {
    code: 'request-size-limit',
    level: 'certificate',
    effect: 'reissue',
    since: SINCE,
    message:
      'The current CertificateRequest is larger than this release reads: 6500 bytes of PEM, which about a hundred names make, until 1.18.2; 36500 bytes, or --max-certificate-size, since 1.18.3 and 1.19.0. Since 1.13 such a Certificate is issued anew; before, and then too, its issuances fail.',
    ...ISSUE(7506),
    advice: 'Go to 1.18.3, to 1.19 or later, or since 1.20 raise --max-certificate-size; or split the names.',
    ...lower('requestPemLimit'),
  },
  {
    code: 'private-key-size-limit',
    level: 'certificate',
    effect: 'reissue',
    since: SINCE,
    message: 'tls.key is larger than this release reads: 13000 bytes, or --max-private-key-size since 1.20.',
    ...ADVISORY,
    advice: 'Take text around the key out of tls.key, or since 1.20 raise --max-private-key-size.',
    ...lower('privateKeyPemLimit'),
  },
  {
    code: 'certificate-size-limit',
    level: 'certificate',
    effect: 'reissue',
    since: SINCE,
    message:
      'tls.crt is larger than this release reads: 65000 bytes in 1.12.14, 1.15.4 and 1.16.2 and later patches of these, 330000 bytes, or --max-certificate-bundle-size, since 1.17.',
    ...ADVISORY,
    advice: 'Go to 1.17 or later, or take what is no part of the chain out of tls.crt.',
    ...lower('certificatePemLimit'),
  },
];
