import { type Plan, requestOf, rfc3339 } from '../plan.ts';
import { type Twin, twin } from './twin.ts';

const HOUR = 3_600_000;
const SECOND = 1000;

const padded =
  (length: number) =>
  (pem: string): string =>
    `${'#'.repeat(length - pem.length - 1)}\n${pem}`;

const KEY = 9_000;
const CERTIFICATE = 40_000;
const REQUEST = 20_000;

/** All three texts at lengths that are the same in every run. A signature's is not. */
function pad(plan: Plan): void {
  plan.withRequest = true;
  plan.editKey = padded(KEY);
  plan.editCertificate = padded(CERTIFICATE);
  plan.editRequest = padded(REQUEST);
}

/** A limit of the size of a PEM text, put right at, below or above the size that the text has. */
function limitTwin(flag: string, size: number): Twin[] {
  return [-1, 0, 1].map((difference) =>
    twin(`flag-${flag}-${difference < 0 ? 'below' : difference > 0 ? 'above' : 'exact'}`, (plan) => {
      pad(plan);
      plan.flags = [`--${flag}=${size + difference}`];
    }),
  );
}

/** Nothing but the flag stands between the failure and the next attempt: the time is put around the end of the brake. */
function backOffTwin(name: string, flags: string[], delays: Record<number, number>): Twin {
  return twin(`flag-back-off-${name}`, (plan) => {
    const { random } = plan;
    const attempts = Number(random.pick(Object.keys(delays)));
    plan.flags = flags;
    plan.status.lastFailureTime = rfc3339(Math.floor(plan.now / SECOND) * SECOND);
    plan.status.failedIssuanceAttempts = attempts;
    plan.now =
      Date.parse(plan.status.lastFailureTime) +
      (delays[attempts] as number) * HOUR +
      random.pick([-HOUR, -SECOND, -1, 0, 1, SECOND, HOUR]);
    if (random.chance(0.8)) plan.annotations['cert-manager.io/issuer-name'] = 'elsewhere';
    if (random.chance(0.3)) {
      plan.editObjects.push(async ({ requests }) => {
        requests.push(await requestOf(plan, (plan.status.revision ?? 0) + 1));
      });
    }
  });
}

const MINIMUM = '--certificate-request-minimum-backoff-duration';
const MAXIMUM = '--certificate-request-maximum-backoff-duration';

const ARI = ['--feature-gates=ACMEUseARI=true'];

/** The server's suggested window, which begins so long after the certificate's notBefore. */
function suggest(plan: Plan, start: number): void {
  plan.status.acme = {
    ari: { suggestedWindow: { start: rfc3339(start), end: rfc3339(start + 48 * HOUR) } },
  };
  plan.now = start + plan.random.pick([-48 * HOUR, -SECOND, -1, 0, 1, SECOND, 48 * HOUR]);
}

const begin = (plan: Plan): number => Date.parse(plan.template.notBefore);
const end = (plan: Plan): number => Date.parse(plan.template.notAfter);

function ariTwin(name: string, change: (plan: Plan) => void, flags = ARI): Twin {
  return twin(`flag-renewal-info-${name}`, (plan) => {
    plan.flags = flags;
    change(plan);
  });
}

export const FLAGS: Twin[] = [
  ...limitTwin('max-certificate-size', REQUEST),
  ...limitTwin('max-private-key-size', KEY),
  ...limitTwin('max-certificate-bundle-size', CERTIFICATE),
  ...limitTwin('max-certificate-chain-length', CERTIFICATE),
  twin('flag-limits-raised', (plan) => {
    plan.withRequest = true;
    plan.editKey = padded(14_000);
    plan.editCertificate = padded(340_000);
    plan.editRequest = padded(40_000);
    plan.flags = [
      '--max-private-key-size=14000',
      '--max-certificate-bundle-size=340000',
      '--max-certificate-size=40000',
    ];
  }),
  twin('flag-given-twice', (plan) => {
    plan.flags = ['--max-private-key-size=1', '--max-private-key-size=13000'];
  }),
  backOffTwin('half-hour', [`${MINIMUM}=30m`], { 0: 0.5, 1: 0.5, 2: 1, 3: 2, 6: 16, 7: 32, 8: 32, 9: 32, 64: 32 }),
  backOffTwin('two-hours', [`${MINIMUM}=2h`], { 1: 2, 4: 16, 5: 32, 6: 64, 7: 32, 8: 32, 60: 32 }),
  backOffTwin('more-than-maximum', [`${MINIMUM}=40h`], { 1: 40, 2: 80, 6: 1280, 7: 40 }),
  backOffTwin('zero', [`${MINIMUM}=0s`], { 1: 0, 3: 1, 9: 4 }),
  backOffTwin('negative', [`${MINIMUM}=-1h`], { 1: 0, 3: 1 }),
  backOffTwin('odd', [`${MINIMUM}=1h0m0.0005s`], { 1: 1, 2: 2, 7: 32 }),
  backOffTwin('maximum', [`${MAXIMUM}=4h`], { 1: 1, 2: 2, 3: 4, 4: 4, 5: 4, 7: 4, 8: 32 }),
  backOffTwin('maximum-long', [`${MAXIMUM}=1000h`], { 6: 32, 7: 64, 10: 512, 11: 1000, 40: 1000, 63: 1000, 64: 1000 }),
  backOffTwin('maximum-zero', [`${MAXIMUM}=0s`], { 1: 1, 5: 1, 7: 1 }),
  backOffTwin('both', [`${MINIMUM}=10m`, `${MAXIMUM}=20m`], { 1: 1 / 6, 2: 1 / 3, 3: 1 / 3, 7: 1 / 3 }),
  ariTwin('within-life', (plan) =>
    suggest(plan, begin(plan) + Math.floor((end(plan) - begin(plan)) * plan.random.fraction())),
  ),
  ariTwin('at-the-beginning', (plan) => suggest(plan, begin(plan) + plan.random.pick([-SECOND, 0, SECOND]))),
  ariTwin('of-the-one-before', (plan) => suggest(plan, begin(plan) - 24 * HOUR)),
  ariTwin('after-the-end', (plan) => suggest(plan, end(plan) + 24 * HOUR)),
  ariTwin('gate-off', (plan) => suggest(plan, begin(plan) + 2 * HOUR), ['--feature-gates=ACMEUseARI=false']),
  ariTwin('gate-absent', (plan) => suggest(plan, begin(plan) + 2 * HOUR), []),
  ariTwin('disabled', (plan) => {
    plan.spec.renewal = { policy: 'Disabled' };
    suggest(plan, begin(plan) + 2 * HOUR);
  }),
  ariTwin('with-windows', (plan) => {
    plan.spec.renewal = { policy: 'RenewBefore', windows: [{ cron: '0 3 * * *', windowDuration: '1h' }] };
    suggest(plan, begin(plan) + 2 * HOUR);
  }),
  ariTwin('none', (plan) => {
    plan.status.acme = plan.random.pick([{}, { ari: {} }]);
  }),
];
