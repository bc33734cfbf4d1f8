import { Unclear } from './read.ts';

/** A place's offset from UTC, by time. */
export interface Zone {
  /** Seconds east of UTC at this many seconds since 1970. */
  offset(seconds: number): number;
}

export const UTC: Zone = { offset: () => 0 };

const DAY = 86_400;
const zones = new Map<string, Zone>();

/**
 * The time zone of that IANA name, as Go's time.LoadLocation finds it. Names that Go and Node could treat differently
 * (in another case, offsets, unknown ones) throw Unclear.
 * The data are those of the Node that runs this; a zone whose law changed lately may be otherwise in the controller's image.
 */
export function zoneOf(name: string): Zone {
  if (name === '' || name === 'UTC') return UTC;
  const cached = zones.get(name);
  if (cached !== undefined) return cached;
  if (!/^[A-Z][A-Za-z0-9_+-]*(\/[A-Z][A-Za-z0-9_+-]*)*$/.test(name) || name === 'Local') {
    throw new Unclear(`time zone "${name.slice(0, 40)}"`);
  }
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    throw new Unclear(`time zone "${name.slice(0, 40)}"`);
  }
  const zone = new IntlZone(format);
  if (zones.size < 1000) zones.set(name, zone);
  return zone;
}

/** Offsets from Node's own time zone data, kept by UTC day: within a day there is one change at most. */
class IntlZone implements Zone {
  private readonly format: Intl.DateTimeFormat;
  private readonly days = new Map<number, { change: number; before: number; after: number }>();

  constructor(format: Intl.DateTimeFormat) {
    this.format = format;
  }

  offset(seconds: number): number {
    const day = Math.floor(seconds / DAY);
    let entry = this.days.get(day);
    if (entry === undefined) {
      if (this.days.size > 50_000) this.days.clear();
      entry = this.scan(day * DAY);
      this.days.set(day, entry);
    }
    return seconds < entry.change ? entry.before : entry.after;
  }

  private scan(start: number): { change: number; before: number; after: number } {
    const before = this.measure(start);
    const after = this.measure(start + DAY);
    if (before === after) return { change: start, before, after };
    let low = start;
    let high = start + DAY;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.measure(middle) === before) low = middle;
      else high = middle;
    }
    return { change: high, before, after };
  }

  private measure(seconds: number): number {
    const parts: Record<string, string> = {};
    for (const { type, value } of this.format.formatToParts(seconds * 1000)) parts[type] = value;
    const year = parts.era === 'BC' ? 1 - Number(parts.year) : Number(parts.year);
    const local = new Date(0);
    local.setUTCFullYear(year, Number(parts.month) - 1, Number(parts.day));
    local.setUTCHours(Number(parts.hour), Number(parts.minute), Number(parts.second));
    return local.getTime() / 1000 - seconds;
  }
}
