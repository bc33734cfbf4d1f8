import { backOff } from '../gates.ts';
import { parseDuration, SECOND } from '../goDuration.ts';
import type { ReissueInput } from '../input.ts';
import { renewalOf } from '../policies/currentCertificateNearingExpiry.ts';
import type { Rules } from '../versions.ts';
import { ask, leafOf, policyInput } from './judge.ts';
import { at, PULL, type Row, type Upgrade } from './row.ts';

/** When the certificate is renewed under these rules, in nanoseconds; null: never; undefined: not known. */
function renewal(input: ReissueInput, rules: Rules): bigint | null | undefined {
  if (input.secret === undefined) return undefined;
  return ask(() => renewalOf(policyInput(input, rules))?.at, undefined);
}

/** Whether the renewal moves, or may: where that cannot be said. */
function moves(input: ReissueInput, { from, to }: Upgrade): boolean {
  const [before, after] = [renewal(input, from), renewal(input, to)];
  return before === undefined || after === undefined || before !== after;
}

const percentage = ({ certificate }: ReissueInput): boolean => isSet(certificate.spec.renewBeforePercentage);
const isSet = (value: unknown): boolean => value !== undefined && value !== null;

/** The renewBefore that renews when the release that runs now would, in place of the percentage. */
function fixedRenewBefore(input: ReissueInput, { from }: Upgrade) {
  const leaf = leafOf(input, from);
  const due = renewal(input, from);
  if (leaf === undefined || due === undefined || due === null) return [];
  const seconds = BigInt(leaf.notAfter) - due / SECOND;
  const { renewBefore, renewBeforePercentage } = input.certificate.spec;
  return [
    { path: 'spec.renewBefore', before: renewBefore, after: `${seconds}s` },
    { path: 'spec.renewBeforePercentage', before: renewBeforePercentage, after: undefined },
  ];
}

/** When a certificate is renewed. */
export const RENEWAL_ROWS: Row<ReissueInput>[] = [
  {
    code: 'renew-before-not-positive',
    level: 'certificate',
    effect: 'renewal',
    since: ['1.16.0'],
    message:
      'Since 1.16 a spec.renewBefore that is not positive is ignored: the certificate is renewed after two thirds of its life.',
    ...PULL(6987),
    advice: 'Set a spec.renewBefore of at least five minutes.',
    touches: ({ certificate: { spec } }) => {
      const before = parseDuration(spec.renewBefore ?? '');
      return before !== undefined && before <= 0n;
    },
    changes: ({ certificate: { spec } }) => [{ path: 'spec.renewBefore', before: spec.renewBefore, after: '5m' }],
  },
  {
    code: 'percentage-introduced',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.16.0'],
    message:
      'Before 1.16 spec.renewBeforePercentage is not known. Since then it decides the renewal time, which moves.',
    ...PULL(6987),
    advice: 'Leave spec.renewBeforePercentage out of the manifest until the upgrade is done, or accept the renewal.',
    touches: (input, upgrade) => percentage(input) && moves(input, upgrade),
    changes: fixedRenewBefore,
  },
  {
    code: 'percentage-inverted',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.16.3'],
    message: 'Until 1.16.2 spec.renewBeforePercentage was read the wrong way round; the renewal time moves.',
    ...PULL(7421),
    advice: 'Set spec.renewBefore instead until the upgrade is done, or accept the renewal.',
    crosses: ({ from, to }) =>
      (from.renewBeforePercentage === 'inverted') !== (to.renewBeforePercentage === 'inverted') &&
      from.renewBeforePercentage !== 'absent' &&
      to.renewBeforePercentage !== 'absent',
    touches: (input, upgrade) => percentage(input) && moves(input, upgrade),
    changes: fixedRenewBefore,
  },
  {
    code: 'percentage-overflow',
    level: 'certificate',
    effect: 'renewal',
    since: ['1.21.0'],
    message:
      'Before 1.21 spec.renewBeforePercentage of a lifetime of more than some three years overflowed, and gave a wrong renewal time; it moves to the right one.',
    ...PULL(8947),
    advice: 'Set spec.renewBefore instead, or accept the renewal.',
    crosses: ({ from, to }) => from.renewBeforePercentage === 'integer' && to.renewBeforePercentage === 'float',
    touches: (input, upgrade) => percentage(input) && moves(input, upgrade),
    changes: fixedRenewBefore,
  },
  {
    code: 'percentage-dropped',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.16.0'],
    backwards: true,
    message:
      'Before 1.16 there is no spec.renewBeforePercentage: it is dropped, and the certificate renewed after two thirds of its life.',
    ...PULL(6987),
    advice: 'Set spec.renewBefore instead.',
    touches: (input, upgrade) => percentage(input) && moves(input, upgrade),
    changes: fixedRenewBefore,
  },
  {
    code: 'renewal-disabled-crash',
    level: 'certificate',
    effect: 'renewal',
    since: ['1.21.0'],
    until: ['1.21.1'],
    message:
      'The controller of 1.21.0 crashes on spec.renewal.policy Disabled, again and again: nothing in the cluster is issued or renewed.',
    ...PULL(9038),
    advice: 'Go to 1.21.1 or later.',
    crosses: ({ from, to }) => to.renewal === 'disabled-crashes' && from.renewal !== 'disabled-crashes',
    touches: ({ certificate }) => at(certificate.spec.renewal, 'policy') === 'Disabled',
  },
  {
    code: 'renewal-window-leap-day',
    level: 'certificate',
    effect: 'renewal',
    since: ['1.21.2'],
    message:
      'Before 1.21.2 the next opening of a renewal window is searched for five years only, since then for nine. A window that opens on 29 February alone is not found around the year 2100; the renewal moves.',
    source: 'cert-manager 1.21.2, internal/cron/spec.go',
    url: 'https://github.com/cert-manager/cert-manager/blob/v1.21.2/internal/cron/spec.go',
    advice: 'Give the window another day.',
    touches: (input, upgrade) => isSet(input.certificate.spec.renewal) && moves(input, upgrade),
  },
  {
    code: 'renewal-policy-dropped',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.21.0'],
    backwards: true,
    message:
      'Before 1.21 there is no spec.renewal: it is dropped, and the certificate renewed outside its windows, or although its renewal was disabled.',
    ...PULL(8258),
    advice: 'Set spec.renewBefore so that nothing is due while the older release runs.',
    touches: (input, upgrade) => isSet(input.certificate.spec.renewal) && moves(input, upgrade),
  },
  {
    code: 'acme-renewal-info',
    level: 'certificate',
    effect: 'renewal',
    since: ['1.21.0'],
    message:
      'The feature gate ACMEUseARI is on: since 1.21 the window that the ACME server suggests decides the renewal time, and renewBefore and renewal windows do not; an older release goes by these again.',
    ...PULL(8798),
    advice: 'Leave the gate off where the time of renewals matters.',
    crosses: ({ from, to }) => from.acmeRenewalInfo !== to.acmeRenewalInfo,
    touches: ({ certificate }, { facts: { issuer } }) =>
      at(certificate.status, 'acme', 'ari') !== undefined ||
      (issuer === undefined
        ? (certificate.spec.issuerRef?.group || 'cert-manager.io') === 'cert-manager.io'
        : at(issuer, 'spec', 'acme') !== undefined),
  },
  {
    code: 'back-off-changed',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.20.0'],
    message:
      "This Certificate's last issuance failed, and the time until the next attempt is another under this release and the controller's flags: the minimum can be set since 1.20, the maximum since 1.21.",
    ...PULL(8893),
    advice:
      'Mend the cause of the failure first, or leave --certificate-request-minimum-backoff-duration and -maximum- as they are.',
    crosses: ({ from, to }) => from.minimumBackoff !== to.minimumBackoff || from.maximumBackoff !== to.maximumBackoff,
    touches: ({ certificate: { status } }, { from, to }) => {
      const attempts = status?.failedIssuanceAttempts ?? undefined;
      return isSet(status?.lastFailureTime) && backOff(attempts, from) !== backOff(attempts, to);
    },
  },
  {
    code: 'expired-certificate-refused',
    level: 'certificate',
    effect: 'renewal',
    since: ['1.21.0'],
    message:
      'Since 1.21 a certificate that has expired when it is issued is refused, and tried again after the back-off; before, it was issued again and again. The one in the Secret has expired.',
    ...PULL(8610),
    advice: "Look at the issuer's clock and its maximum duration.",
    touches: (input, { to, facts }) => {
      const leaf = leafOf(input, to);
      return facts.now !== undefined && leaf !== undefined && leaf.notAfter * 1000 < facts.now.getTime();
    },
  },
];
