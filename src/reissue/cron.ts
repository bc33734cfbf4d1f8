import { parseDuration, SECOND } from './goDuration.ts';
import { ZERO_SECONDS } from './goTime.ts';
import { Unclear } from './read.ts';
import type { Zone } from './zone.ts';

/**
 * cert-manager's own dialect of cron (internal/cron/{parser,spec,constantdelay}.go, from robfig/cron): five fields,
 * descriptors, `@every`, names of months and days; `?` is `*`; day of month and day of week are or-ed unless one has a
 * star. Times are nanoseconds since 1970.
 */
export interface Schedule {
  /** The first time after `time`; Go's zero time where there is none within the years that are searched. */
  next(time: bigint): bigint;
}

/** A field of the schedule: which values, and whether a star stood there. */
interface Field {
  bits: Set<number>;
  star: boolean;
}

interface Bounds {
  min: number;
  max: number;
  names?: Record<string, number>;
}

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const DAYS = 'sun mon tue wed thu fri sat'.split(' ');
const BOUNDS = {
  minute: { min: 0, max: 59 },
  hour: { min: 0, max: 23 },
  dayOfMonth: { min: 1, max: 31 },
  month: { min: 1, max: 12, names: Object.fromEntries(MONTHS.map((name, i) => [name, i + 1])) },
  dayOfWeek: { min: 0, max: 6, names: Object.fromEntries(DAYS.map((name, i) => [name, i])) },
} satisfies Record<string, Bounds>;

const ZERO_TIME = BigInt(ZERO_SECONDS) * SECOND;

/** A specification that Go's parser refuses; the message is upstream's. */
export class CronError extends Error {}

const DESCRIPTORS: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/**
 * Parses one specification for a zone. cert-manager puts `CRON_TZ=<zone> ` in front and trims, so leading blanks are
 * allowed, but a zone of its own within the specification is not. `searchYears` is how far a next time is looked for: 9,
 * before 1.21.2 5 years. Throws CronError where upstream's parser refuses.
 */
export function parseCron(text: string, zone: Zone, searchYears = 9): Schedule {
  if (text.length > 500) throw new CronError('specification too long');
  const spec = text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, '');
  if (spec.startsWith('@')) {
    const every = /^@every (.*)$/s.exec(spec)?.[1];
    if (every !== undefined) {
      const delay = parseDuration(every);
      if (delay === undefined) throw new CronError(`failed to parse duration ${spec}`);
      return new ConstantDelay(delay);
    }
    const expanded = DESCRIPTORS[spec];
    if (expanded === undefined) throw new CronError(`unrecognized descriptor: ${spec}`);
    return new SpecSchedule(expanded.split(' '), zone, searchYears);
  }
  const fields = spec.split(/\p{White_Space}+/u).filter((field) => field !== '');
  if (fields.length !== 5) {
    throw new CronError(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`);
  }
  return new SpecSchedule(fields, zone, searchYears);
}

function parseField(text: string, bounds: Bounds): Field {
  const field: Field = { bits: new Set(), star: false };
  for (const expression of text.split(',')) if (expression !== '') parseRange(expression, bounds, field);
  return field;
}

function parseRange(expression: string, bounds: Bounds, field: Field): void {
  const rangeAndStep = expression.split('/');
  const lowAndHigh = (rangeAndStep[0] as string).split('-');
  const low = lowAndHigh[0] as string;
  let start = bounds.min;
  let end = bounds.max;
  let star = false;
  if (low === '*' || low === '?') {
    star = true;
  } else {
    start = parseNumber(low, bounds.names);
    if (lowAndHigh.length > 2) throw new CronError(`too many hyphens: ${expression}`);
    end = lowAndHigh.length === 1 ? start : parseNumber(lowAndHigh[1] as string, bounds.names);
  }
  if (rangeAndStep.length > 2) throw new CronError(`too many slashes: ${expression}`);
  let step = 1;
  if (rangeAndStep.length === 2) {
    step = parseNumber(rangeAndStep[1] as string, undefined);
    if (lowAndHigh.length === 1) end = bounds.max;
    if (step > 1) star = false;
  }
  if (start < bounds.min) {
    throw new CronError(`beginning of range (${start}) below minimum (${bounds.min}): ${expression}`);
  }
  if (end > bounds.max) throw new CronError(`end of range (${end}) above maximum (${bounds.max}): ${expression}`);
  if (start > end) throw new CronError(`beginning of range (${start}) beyond end of range (${end}): ${expression}`);
  if (step === 0) throw new CronError(`step of range should be a positive number: ${expression}`);
  for (let value = start; value <= end; value += step) field.bits.add(value);
  field.star ||= star;
}

function parseNumber(text: string, names: Record<string, number> | undefined): number {
  const named = names?.[text.toLowerCase()];
  if (named !== undefined) return named;
  // Go's Atoi takes a sign: "+5" is a number, "-5" is a negative one and refused.
  if (!/^\+?\d{1,15}$/.test(text)) throw new CronError(`failed to parse int from ${text}`);
  return Number(text);
}

class ConstantDelay implements Schedule {
  private readonly delay: bigint;

  constructor(delay: bigint) {
    const atLeast = delay < SECOND ? SECOND : delay;
    this.delay = atLeast - (atLeast % SECOND);
  }

  next(time: bigint): bigint {
    return time + this.delay - fraction(time);
  }
}

/** Calendar fields of a moment in a zone. `second` is seconds since 1970. */
interface Local {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  weekday: number;
}

/**
 * More steps than any sensible schedule needs to find its next time. Upstream itself goes round for ever where a zone
 * left out a whole day (Samoa, 30 December 2011), and for minutes over a field that matches nothing.
 */
const MAX_STEPS = 20_000;

class SpecSchedule implements Schedule {
  private readonly minute: Field;
  private readonly hour: Field;
  private readonly dayOfMonth: Field;
  private readonly month: Field;
  private readonly dayOfWeek: Field;
  private readonly zone: Zone;
  private readonly searchYears: number;

  constructor(fields: readonly string[], zone: Zone, searchYears: number) {
    const [minute, hour, dayOfMonth, month, dayOfWeek] = fields as [string, string, string, string, string];
    this.minute = parseField(minute, BOUNDS.minute);
    this.hour = parseField(hour, BOUNDS.hour);
    this.dayOfMonth = parseField(dayOfMonth, BOUNDS.dayOfMonth);
    this.month = parseField(month, BOUNDS.month);
    this.dayOfWeek = parseField(dayOfWeek, BOUNDS.dayOfWeek);
    this.zone = zone;
    this.searchYears = searchYears;
  }

  /** SpecSchedule.Next, step by step, because its behaviour at daylight-saving changes lies in the steps. */
  next(time: bigint): bigint {
    let t = Number((time - fraction(time)) / SECOND) + 1;
    const limit = this.local(t).year + this.searchYears;
    let added = false;
    let steps = 0;
    const step = (): void => {
      if (++steps > MAX_STEPS) throw new Unclear('a cron specification without an end');
    };

    wrap: for (;;) {
      let now = this.local(t);
      if (now.year > limit) return ZERO_TIME;

      while (!this.month.bits.has(now.month)) {
        step();
        if (!added) {
          added = true;
          t = this.date(now.year, now.month, 1, 0, 0, 0);
          now = this.local(t);
        }
        t = this.addDate(t, now, 1, 0);
        now = this.local(t);
        if (now.month === 1) continue wrap;
      }

      while (!this.dayMatches(now)) {
        step();
        if (!added) {
          added = true;
          t = this.date(now.year, now.month, now.day, 0, 0, 0);
          now = this.local(t);
        }
        t = this.addDate(t, now, 0, 1);
        now = this.local(t);
        // Where midnight does not exist, upstream goes forward or back by whole hours.
        if (now.hour !== 0) {
          t += (now.hour > 12 ? 24 - now.hour : -now.hour) * 3600;
          now = this.local(t);
        }
        if (now.day === 1) continue wrap;
      }

      while (!this.hour.bits.has(now.hour)) {
        step();
        if (!added) {
          added = true;
          t = this.date(now.year, now.month, now.day, now.hour, 0, 0);
          now = this.local(t);
        }
        t += 3600;
        now = this.local(t);
        if (now.hour === 0) continue wrap;
      }

      while (!this.minute.bits.has(now.minute)) {
        step();
        if (!added) {
          added = true;
          t -= modulo(t, 60);
        }
        t += 60;
        now = this.local(t);
        if (now.minute === 0) continue wrap;
      }

      // The only second that matches is 0.
      const second = modulo(t + this.zone.offset(t), 60);
      if (second === 0) return BigInt(t) * SECOND;
      added = true;
      t += 60 - second;
    }
  }

  private dayMatches(now: Local): boolean {
    const dayOfMonth = this.dayOfMonth.bits.has(now.day);
    const dayOfWeek = this.dayOfWeek.bits.has(now.weekday);
    return this.dayOfMonth.star || this.dayOfWeek.star ? dayOfMonth && dayOfWeek : dayOfMonth || dayOfWeek;
  }

  private local(seconds: number): Local {
    const date = new Date((seconds + this.zone.offset(seconds)) * 1000);
    return {
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
      weekday: date.getUTCDay(),
    };
  }

  /** Go's time.Date: where the local time exists twice or not at all, this is which moment Go takes. */
  private date(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
    const date = new Date(0);
    date.setUTCFullYear(year, month - 1, day);
    date.setUTCHours(hour, minute, second);
    const unix = date.getTime() / 1000;
    const guess = this.zone.offset(unix);
    return guess === 0 ? unix : unix - this.zone.offset(unix - guess);
  }

  /** Go's Time.AddDate. */
  private addDate(t: number, now: Local, months: number, days: number): number {
    const second = modulo(t + this.zone.offset(t), 60);
    return this.date(now.year, now.month + months, now.day + days, now.hour, now.minute, second);
  }
}

function modulo(value: number, by: number): number {
  const rest = value % by;
  return rest < 0 ? rest + by : rest;
}

/** The part of a second in a time, in nanoseconds. */
function fraction(time: bigint): bigint {
  const rest = time % SECOND;
  return rest < 0n ? rest + SECOND : rest;
}
