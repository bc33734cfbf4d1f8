/** Go's time.Duration: nanoseconds in a signed 64-bit integer. */
export const SECOND = 1_000_000_000n;
export const MAX_DURATION = 2n ** 63n - 1n;
export const MIN_DURATION = -(2n ** 63n);

const UNITS: Record<string, bigint> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: SECOND,
  m: 60n * SECOND,
  h: 3600n * SECOND,
};

/** Reads a duration as Go's time.ParseDuration does (`2160h`, `1h30m`, `1.5h`); undefined where Go refuses it. */
export function parseDuration(text: string): bigint | undefined {
  const match = /^([+-]?)(.*)$/s.exec(text);
  if (match === null || text.length > 200) return undefined;
  const negative = match[1] === '-';
  const rest = match[2] as string;
  if (rest === '0') return 0n;
  if (!/^((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return undefined;
  let total = 0n;
  for (const [, whole, fraction, unitName] of rest.matchAll(/(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g)) {
    const unit = UNITS[unitName as string] as bigint;
    const integer = BigInt(whole === '' ? '0' : (whole as string));
    if (integer > 2n ** 63n || integer * unit > 2n ** 63n) return undefined;
    total += integer * unit + fractionOf(fraction ?? '', unit);
    if (total > 2n ** 63n) return undefined;
  }
  if (negative) return -total;
  return total > MAX_DURATION ? undefined : total;
}

/** Go multiplies the fraction in floating point and cuts it off. Digits beyond 18 it ignores. */
function fractionOf(digits: string, unit: bigint): bigint {
  if (digits === '') return 0n;
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit);
    if (value > MAX_DURATION / 10n || next > 2n ** 63n) break;
    value = next;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(value) * (Number(unit) / scale)));
}

/** A duration as Go's Duration.String writes it: `24h0m0s`, `1.5s`, `0s`. */
export function printDuration(duration: bigint): string {
  const sign = duration < 0n ? '-' : '';
  const n = duration < 0n ? -duration : duration;
  if (n === 0n) return '0s';
  if (n < 1000n) return `${sign}${n}ns`;
  if (n < 1_000_000n) return `${sign}${decimal(n, 3)}µs`;
  if (n < SECOND) return `${sign}${decimal(n, 6)}ms`;
  const minutes = n / (60n * SECOND);
  const seconds = `${decimal(n % (60n * SECOND), 9)}s`;
  if (minutes === 0n) return sign + seconds;
  return minutes < 60n ? `${sign}${minutes}m${seconds}` : `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

/** A whole number over 10 to the power of `places`, without trailing zeros. */
function decimal(value: bigint, places: number): string {
  const scale = 10n ** BigInt(places);
  const fraction = String(value % scale)
    .padStart(places, '0')
    .replace(/0+$/, '');
  return fraction === '' ? String(value / scale) : `${value / scale}.${fraction}`;
}

/** a - b of two moments in nanoseconds, held within a duration's range as Go's Time.Sub does. */
export function saturatingSub(a: bigint, b: bigint): bigint {
  const difference = a - b;
  return difference > MAX_DURATION ? MAX_DURATION : difference < MIN_DURATION ? MIN_DURATION : difference;
}
