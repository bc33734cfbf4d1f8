import { type Plan, rfc3339 } from '../../truth/plan.ts';
import { about, all, DAY, edited, HOUR, keeps, LIFETIME_DAYS, reissues, type State, set } from '../state.ts';

/** Moves the validity: the certificate ends so many milliseconds from now, negative: ended before. */
const endsIn =
  (milliseconds: number, lifetime = LIFETIME_DAYS * DAY) =>
  (plan: Plan): void => {
    const end = Math.floor((plan.now + milliseconds) / 1000) * 1000;
    plan.template.notAfter = rfc3339(end);
    plan.template.notBefore = rfc3339(end - lifetime);
  };

/** The renewal time that cert-manager wrote to the status, which its messages quote: so long before the end. */
const renewalBeforeEnd = (milliseconds: number) => (plan: Plan) => {
  plan.status.renewalTime = rfc3339(Date.parse(plan.template.notAfter) - milliseconds);
};

/**
 * Policy RenewBefore with windows, for a certificate whose renewal was due `hoursAgo` hours ago. `cron` gets that moment
 * and now.
 */
const windows =
  (
    hoursAgo: number,
    ...list: ((due: Date, now: Date) => { cron: string; windowDuration: string; timezone?: string })[]
  ) =>
  (plan: Plan): void => {
    endsIn(30 * DAY - hoursAgo * HOUR)(plan);
    plan.spec.renewBefore = '720h';
    const due = new Date(Date.parse(plan.template.notAfter) - 30 * DAY);
    const now = new Date(plan.now);
    plan.spec.renewal = { policy: 'RenewBefore', windows: list.map((window) => window(due, now)) };
    plan.status.renewalTime = rfc3339(due.getTime());
  };

/** A cron expression for once a day, or once a year, at that moment by UTC. */
const daily = (at: Date): string => `${at.getUTCMinutes()} ${at.getUTCHours()} * * *`;
const yearly = (at: Date): string =>
  `${at.getUTCMinutes()} ${at.getUTCHours()} ${at.getUTCDate()} ${at.getUTCMonth() + 1} *`;
const plus = (at: Date, hours: number): Date => new Date(at.getTime() + hours * HOUR);

/** The webhook of 1.21.2 takes such a window, and its controller does not survive it. */
export const FATAL: State = {
  about: 'CurrentCertificateNearingExpiry',
  ...keeps(
    'window-of-no-length',
    windows(3, (_, now) => ({ cron: daily(plus(now, -1)), windowDuration: '0s' })),
    { since: '1.21' },
  ),
};

/** What the policy on the renewal time finds. */
export const RENEWAL: State[] = [
  ...about(
    'CurrentCertificateNearingExpiry',
    reissues('due-by-a-third', all(endsIn(30 * DAY - HOUR), renewalBeforeEnd(30 * DAY))),
    keeps('due-in-an-hour', all(endsIn(30 * DAY + HOUR), renewalBeforeEnd(30 * DAY))),
    reissues('expired', all(endsIn(-HOUR), renewalBeforeEnd(30 * DAY))),
    reissues('renew-before-due', all(endsIn(DAY), edited(set({ renewBefore: '25h' })), renewalBeforeEnd(25 * HOUR))),
    keeps('renew-before-not-due', all(endsIn(DAY), edited(set({ renewBefore: '23h' })), renewalBeforeEnd(23 * HOUR))),
    reissues(
      'percentage-due',
      all(endsIn(44 * DAY), edited(set({ renewBeforePercentage: 50 })), renewalBeforeEnd(45 * DAY)),
    ),
    keeps(
      'percentage-not-due',
      all(endsIn(20 * DAY), edited(set({ renewBeforePercentage: 20 })), renewalBeforeEnd(18 * DAY)),
    ),
    keeps('renewal-disabled-expired', all(endsIn(-HOUR), edited(set({ renewal: { policy: 'Disabled' } }))), {
      since: '1.21',
    }),
    reissues(
      'window-open-when-due',
      windows(3, (due) => ({ cron: daily(plus(due, -1)), windowDuration: '2h' })),
      { since: '1.21' },
    ),
    keeps(
      'window-not-yet-open',
      windows(3, (_, now) => ({ cron: daily(plus(now, 5)), windowDuration: '1h' })),
      { since: '1.21' },
    ),
    reissues(
      'window-opened-since',
      all(
        windows(3, (_, now) => ({ cron: daily(plus(now, -1)), windowDuration: '10m' })),
        (plan) => {
          plan.status.renewalTime = rfc3339(Math.floor(plus(new Date(plan.now), -1).getTime() / 60_000) * 60_000);
        },
      ),
      { since: '1.21' },
    ),
    reissues(
      'window-of-other-time-zone',
      windows(3, (due) => ({ cron: daily(plus(due, 4.5)), windowDuration: '2h', timezone: 'Asia/Kolkata' })),
      { since: '1.21' },
    ),
    keeps(
      'window-not-yet-open-two',
      windows(
        3,
        (_, now) => ({ cron: daily(plus(now, 5)), windowDuration: '1h' }),
        (_, now) => ({ cron: daily(plus(now, 7)), windowDuration: '1h' }),
      ),
      { since: '1.21' },
    ),
    reissues(
      'window-every-two-hours',
      windows(3, () => ({ cron: '@every 2h', windowDuration: '10m' })),
      { since: '1.21' },
    ),
    reissues(
      'window-never-before-expiry',
      windows(3, (_, now) => ({ cron: yearly(plus(now, 24 * 200)), windowDuration: '1h' })),
      { since: '1.21' },
    ),
  ),
];
