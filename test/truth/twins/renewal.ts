import { type Plan, rfc3339 } from '../plan.ts';
import { damagedTwin, type Twin, twin } from './twin.ts';

const DAY = 86_400_000;
const SECOND = 1000;

const lifetime = (plan: Plan): number => Date.parse(plan.template.notAfter) - Date.parse(plan.template.notBefore);
const end = (plan: Plan): number => Date.parse(plan.template.notAfter);

/** Puts the time just before, at, or just after a moment. */
function around(plan: Plan, moment: number): void {
  plan.now = moment + plan.random.pick([-DAY, -SECOND, -1, 0, 1, SECOND, DAY]);
}

const renewBefore = (name: string, text: (plan: Plan) => string, moment: (plan: Plan) => number): Twin =>
  twin(`renew-before-${name}`, (plan) => {
    plan.spec.renewBefore = text(plan);
    around(plan, moment(plan));
  });

/** Two thirds of a lifetime, as the division of whole nanoseconds and the cut to seconds make it. */
const twoThirds = (plan: Plan): number => Math.floor((end(plan) - lifetime(plan) / 3) / SECOND) * SECOND;

export const RENEWAL: Twin[] = [
  twin('default', (plan) => around(plan, twoThirds(plan))),
  twin('default-odd-lifetime', (plan) => {
    plan.template.notAfter = rfc3339(
      Date.parse(plan.template.notBefore) + plan.random.integer(1, 100 * 86_400) * SECOND,
    );
    around(plan, twoThirds(plan));
  }),
  twin('expired', (plan) => around(plan, end(plan))),
  twin('not-yet-valid', (plan) => {
    plan.now = Date.parse(plan.template.notBefore) - DAY;
  }),
  renewBefore(
    'one-day',
    () => '24h',
    (plan) => end(plan) - (lifetime(plan) > DAY ? DAY : Math.floor(lifetime(plan) / 3)),
  ),
  renewBefore(
    'one-hour',
    () => '1h',
    (plan) => end(plan) - 3_600_000,
  ),
  renewBefore(
    'fraction',
    () => '1h0.5s',
    (plan) => end(plan) - 3_601_000,
  ),
  renewBefore(
    'nanosecond',
    () => '1h0m0.000000001s',
    (plan) => end(plan) - 3_601_000,
  ),
  renewBefore('zero', () => '0s', twoThirds),
  renewBefore('negative', () => '-1h', twoThirds),
  renewBefore('whole-lifetime', (plan) => `${lifetime(plan) / SECOND}s`, twoThirds),
  renewBefore(
    'nearly-whole-lifetime',
    (plan) => `${lifetime(plan) / SECOND - 1}s`,
    (plan) => Date.parse(plan.template.notBefore) + SECOND,
  ),
  renewBefore('longer-than-lifetime', () => '87600h1s', twoThirds),
  ...[1, 10, 33, 34, 50, 66, 67, 99, 0, 100, 101, -5].map((percentage) =>
    twin(`percentage-${percentage}`, (plan) => {
      plan.spec.renewBeforePercentage = percentage;
      if (plan.random.chance(0.3)) plan.template.notAfter = rfc3339(end(plan) + plan.random.integer(0, 100) * SECOND);
      const share = percentage > 0 && percentage < 100 ? percentage / 100 : 1 / 3;
      around(plan, Math.floor((end(plan) - lifetime(plan) * share) / SECOND) * SECOND);
    }),
  ),
  twin('percentage-and-renew-before', (plan) => {
    plan.spec.renewBeforePercentage = 50;
    plan.spec.renewBefore = plan.random.pick(['1h', '0s', '999999h']);
    around(plan, plan.random.pick([end(plan) - 3_600_000, end(plan) - lifetime(plan) / 2]));
  }),
  ...[4, 10, 30, 100, 250, 300, 900].map((years) =>
    twin(`lifetime-${years}-years`, (plan) => {
      const start = Date.parse(plan.template.notBefore);
      plan.template.notAfter = rfc3339(start + years * 365 * DAY);
      if (plan.random.chance(0.6)) plan.spec.renewBeforePercentage = plan.random.integer(1, 99);
      plan.now = start + plan.random.integer(0, years * 365) * DAY;
    }),
  ),
  twin('no-expiry', (plan) => {
    plan.template.notAfter = '9999-12-31T23:59:59Z';
    if (plan.random.chance(0.5)) plan.spec.renewBeforePercentage = plan.random.integer(1, 99);
    if (plan.random.chance(0.3)) plan.spec.renewBefore = '2160h';
    plan.now = Date.parse(
      plan.random.pick([
        '2026-11-24T00:00:00Z',
        '9700-01-01T00:00:00Z',
        '9999-12-31T23:59:59Z',
        '9900-06-01T00:00:00Z',
      ]),
    );
  }),
  twin('ends-before-it-begins', (plan) => {
    [plan.template.notBefore, plan.template.notAfter] = [plan.template.notAfter, plan.template.notBefore];
    if (plan.random.chance(0.5)) plan.spec.renewBeforePercentage = 20;
    around(plan, Date.parse(plan.template.notAfter));
  }),
  twin('status-renewal-time-absent', (plan) => {
    plan.editObjects.push(({ certificate }) => void delete certificate.status?.renewalTime);
    plan.now = end(plan) - SECOND;
  }),
  twin('status-renewal-time-elsewhere', (plan) => {
    plan.status.renewalTime = plan.random.pick([
      '2020-02-29T12:00:00+02:00',
      '2035-01-01T00:00:00Z',
      '1999-12-31T23:59:59-11:30',
    ]);
    around(plan, twoThirds(plan));
  }),
];

// None whose law changed lately: there the time zone data of Go and of Node are of different years.
const ZONES = [
  '',
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Sao_Paulo',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'Pacific/Apia',
  'Africa/Cairo',
  'America/Havana',
  'Asia/Beirut',
  'Atlantic/Azores',
  'Pacific/Chatham',
  'Europe/Dublin',
  'Etc/GMT+5',
  'America/Los_Angeles',
  'Asia/Tehran',
  'America/Santiago',
  'America/Asuncion',
  'Europe/London',
  'America/St_Johns',
  'Antarctica/Troll',
  'America/Scoresbysund',
];
const MINUTES = ['0', '30', '*', '*/15', '5-10', '59', '0,30', '?', '0-59/7', '7/20', '45'];
const HOURS = ['0', '1', '2', '3', '*', '23', '9-17', '*/6', '22-23', '2-3', '0,12', '1/5'];
const DAYS_OF_MONTH = ['*', '*', '*', '1', '15', '31', '29', '1-7', '*/10', '?', '30,31'];
const MONTHS = ['*', '*', '*', 'jan', '2', '3,10', 'MAR-nov', '*/3', 'dec', '2/3'];
const DAYS_OF_WEEK = ['*', '*', '*', 'sun', '1-5', 'SAT', '0,6', 'tue-thu', '?', '3'];
const DESCRIPTORS = [
  '@daily',
  '@hourly',
  '@weekly',
  '@monthly',
  '@yearly',
  '@midnight',
  '@annually',
  '@every 1h30m',
  '@every 36h',
  '@every 1ms',
  '@every 90.5s',
];
const DURATIONS = ['1h', '30m', '2h', '24h', '1s', '168h', '90m', '1.5s', '4h', '720h'];
/** Days on which many of these zones change their clocks. */
const CHANGES = [
  '2021-03-14',
  '2021-03-28',
  '2021-10-31',
  '2021-11-07',
  '2018-11-04',
  '2018-02-18',
  '2026-03-29',
  '2026-10-25',
  '2026-03-08',
  '2026-11-01',
  '2024-04-07',
  '2024-10-06',
  '2027-03-28',
  '2023-04-28',
  '2030-10-27',
  '2040-03-25',
  '2025-09-07',
];

function cron(plan: Plan): string {
  const { random } = plan;
  if (random.chance(0.15)) return random.pick(DESCRIPTORS);
  return [MINUTES, HOURS, DAYS_OF_MONTH, MONTHS, DAYS_OF_WEEK]
    .map((list) => random.pick(list))
    .join(random.pick([' ', ' ', '  ', '\t']));
}

const window = (plan: Plan): { cron: string; windowDuration: string; timezone?: string } => {
  const timezone = plan.random.pick(ZONES);
  return { cron: cron(plan), windowDuration: plan.random.pick(DURATIONS), ...(timezone === '' ? {} : { timezone }) };
};

/** Lets the desired renewal time fall on or near a change of clocks. */
function nearChange(plan: Plan): number {
  const { random } = plan;
  const moment = Date.parse(`${random.pick(CHANGES)}T00:00:00Z`) + random.integer(-40 * 3600, 60 * 3600) * SECOND;
  plan.template.notBefore = rfc3339(moment - 60 * DAY);
  plan.template.notAfter = rfc3339(moment + 30 * DAY);
  plan.spec.renewBefore = '720h';
  return moment;
}

export const WINDOWS: Twin[] = [
  ...Array.from({ length: 8 }, (_, i) =>
    twin(`window-${i}`, (plan) => {
      const moment = nearChange(plan);
      plan.spec.renewal = {
        policy: 'RenewBefore',
        windows: Array.from({ length: plan.random.pick([1, 1, 2, 3]) }, () => window(plan)),
      };
      plan.now = moment + plan.random.pick([-DAY, -SECOND, 0, SECOND, 3_600_000, DAY, 7 * DAY, 40 * DAY]);
    }),
  ),
  ...[0, 1, 2].map((i) =>
    twin(`window-nightly-${i}`, (plan) => {
      const moment = nearChange(plan);
      plan.spec.renewal = {
        policy: 'RenewBefore',
        windows: [
          {
            cron: `${plan.random.pick(['0', '30', '15'])} ${plan.random.pick(['0', '1', '2', '3'])} * * *`,
            windowDuration: plan.random.pick(['1h', '2h', '30m']),
            timezone: plan.random.pick(ZONES.slice(1)),
          },
        ],
      };
      plan.now = moment + plan.random.integer(-3600, 48 * 3600) * SECOND;
    }),
  ),
  twin('window-short-certificate', (plan) => {
    const moment = nearChange(plan);
    plan.template.notBefore = rfc3339(moment - 2 * 3_600_000);
    plan.template.notAfter = rfc3339(moment + 3_600_000);
    delete plan.spec.renewBefore;
    plan.spec.renewal = { policy: 'RenewBefore', windows: [window(plan), window(plan)] };
    plan.now = moment + plan.random.integer(-3600, 3 * 3600) * SECOND;
  }),
  twin('window-never', (plan) => {
    const moment = nearChange(plan);
    plan.spec.renewal = {
      policy: 'RenewBefore',
      windows: [
        { cron: plan.random.pick(['0 0 30 2 *', '0 0 31 2,4,6 *', '0 0 29 2 *', '0 0 1 1 *']), windowDuration: '1h' },
      ],
    };
    around(plan, moment);
    if (plan.random.chance(0.3))
      plan.editObjects.push(({ certificate }) => void delete certificate.status?.renewalTime);
  }),
  ...[false, true].map((first) =>
    twin(`window-that-never-opens-${first ? 'first' : 'last'}`, (plan) => {
      const moment = nearChange(plan);
      const never = { cron: plan.random.pick(['0 0 30 2 *', '0 0 29 2 *', '0 0 1 1 *']), windowDuration: '1h' };
      const windows = [window(plan), window(plan)];
      plan.spec.renewal = { policy: 'RenewBefore', windows: first ? [never, ...windows] : [...windows, never] };
      plan.now = moment + plan.random.integer(-3600, 72 * 3600) * SECOND;
    }),
  ),
  twin('window-leap-day', (plan) => {
    // Between 29 February 2096 and 2104 there is none: 1900 and 2100 are no leap years.
    plan.template.notBefore = '2096-02-01T00:00:00Z';
    plan.template.notAfter = plan.random.pick(['2106-01-01T00:00:00Z', '2103-01-01T00:00:00Z']);
    const desired = Date.UTC(plan.random.integer(2096, 2102), plan.random.integer(2, 11), plan.random.integer(1, 28));
    plan.spec.renewBefore = `${(end(plan) - desired) / SECOND}s`;
    plan.spec.renewal = {
      policy: 'RenewBefore',
      windows: [{ cron: '0 0 29 2 *', windowDuration: '1h' }, ...(plan.random.chance(0.3) ? [window(plan)] : [])],
    };
    plan.now = plan.random.pick([desired - DAY, desired, desired + DAY, Date.UTC(2104, 1, 29)]);
  }),
  twin('window-no-expiry', (plan) => {
    plan.template.notAfter = '9999-12-31T23:59:59Z';
    plan.spec.renewal = { policy: 'RenewBefore', windows: [window(plan)] };
    plan.now = Date.parse(plan.random.pick(['2030-01-01T00:00:00Z', '9950-01-01T00:00:00Z']));
  }),
  twin('renewal-disabled', (plan) => {
    plan.spec.renewal = { policy: 'Disabled' };
    around(plan, end(plan));
  }),
  twin('renewal-disabled-with-windows', (plan) => {
    plan.spec.renewal = { policy: 'Disabled', windows: [window(plan)] };
    around(plan, twoThirds(plan));
  }),
  twin('renewal-without-windows', (plan) => {
    plan.spec.renewal = { policy: 'RenewBefore', ...(plan.random.chance(0.5) ? { windows: [] } : {}) };
    around(plan, twoThirds(plan));
  }),
  damagedTwin('renewal-policy-unknown', (plan) => {
    plan.spec.renewal = plan.random.pick([{}, { policy: '' }, { policy: 'renewBefore' }, { windows: [] }]);
    around(plan, twoThirds(plan));
  }),
  damagedTwin('window-invalid', (plan) => {
    plan.spec.renewal = {
      policy: 'RenewBefore',
      windows: [
        plan.random.pick<Record<string, string>>([
          { windowDuration: '1h' },
          { cron: '0 0 * * *' },
          { cron: '0 0 * * *', windowDuration: '0s' },
          { cron: '0 0 * * *', windowDuration: '-1h' },
          { cron: '0 24 * * *', windowDuration: '1h' },
          { cron: '60 0 * * *', windowDuration: '1h' },
          { cron: '0 0 0 * *', windowDuration: '1h' },
          { cron: '0 0 * 13 *', windowDuration: '1h' },
          { cron: '0 0 * * 7', windowDuration: '1h' },
          { cron: '0 0 * *', windowDuration: '1h' },
          { cron: '0 0 * * * *', windowDuration: '1h' },
          { cron: '@never', windowDuration: '1h' },
          { cron: '@every x', windowDuration: '1h' },
          { cron: '5-1 0 * * *', windowDuration: '1h' },
          { cron: '*/0 0 * * *', windowDuration: '1h' },
          { cron: '1-2-3 0 * * *', windowDuration: '1h' },
          { cron: '1/2/3 0 * * *', windowDuration: '1h' },
          { cron: 'TZ=UTC 0 0 * * *', windowDuration: '1h' },
          { cron: '0 0 * * *', windowDuration: '1h', timezone: 'Mars/Olympus' },
          { cron: '0 0 * * *', windowDuration: '1h', timezone: 'europe/berlin' },
          { cron: '0 0 * * *', windowDuration: '1h', timezone: '+01:00' },
        ]),
      ],
    };
    around(plan, twoThirds(plan));
  }),
  twin('window-odd-but-valid', (plan) => {
    const moment = nearChange(plan);
    plan.spec.renewal = {
      policy: 'RenewBefore',
      windows: [
        {
          cron: plan.random.pick([
            ' 0 0 * * * ',
            '0 0 ?/2 * *',
            '*-5 0 * * *',
            '+5 0 * * *',
            ',0, 0 * * *',
            '0 0 */40 * *',
            '0\u00a00 * * *',
            '05 003 * * *',
          ]),
          windowDuration: '1h',
        },
      ],
    };
    plan.now = moment + plan.random.integer(0, 48 * 3600) * SECOND;
  }),
];
