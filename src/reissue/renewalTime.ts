import type { CertificateSpec, RenewalWindow } from '../model/objects.ts';
import { CronError, parseCron, type Schedule } from './cron.ts';
import { parseDuration, SECOND, saturatingSub } from './goDuration.ts';
import { Unclear } from './read.ts';
import type { Rules } from './versions.ts';
import { zoneOf } from './zone.ts';

export interface RenewalTime {
  /** Nanoseconds since 1970 at which the certificate is renewed; null: never (spec.renewal.policy Disabled). */
  at: bigint | null;
  /** True where no window could be satisfied: cert-manager renews at the desired time all the same. */
  windowError: boolean;
}

/**
 * When a certificate is renewed (pkg/util/pki/renewaltime.go RenewalTime; checks.go CurrentCertificateNearingExpiry).
 * `notBefore` and `notAfter` are seconds since 1970. Throws Unclear where the controller would crash or the durations
 * are none.
 */
export function renewalTime(notBefore: number, notAfter: number, spec: CertificateSpec, rules: Rules): RenewalTime {
  const renewal = rules.renewal === 'absent' ? undefined : (spec.renewal ?? undefined);
  if (renewal?.policy === 'Disabled') {
    if (rules.renewal === 'full') return { at: null, windowError: false };
    throw new Unclear(`cert-manager ${rules.version} crashes on spec.renewal.policy Disabled`);
  }
  const start = BigInt(notBefore) * SECOND;
  const end = BigInt(notAfter) * SECOND;
  const desired = truncateToSecond(end - renewBefore(saturatingSub(end, start), spec, rules));
  if (renewal === undefined) return { at: desired, windowError: false };
  if (renewal.policy !== 'RenewBefore') throw new Unclear('cert-manager crashes on an unknown spec.renewal.policy');
  const windows = (renewal.windows ?? []).map((window, i) => readWindow(window, i, rules));
  if (windows.length === 0) return { at: desired, windowError: false };
  const inWindows = applyWindows(start, end, desired, windows);
  return { at: inWindows ?? desired, windowError: inWindows === undefined };
}

/** How long before its end a certificate is renewed, in nanoseconds (desiredRenewalTime). */
function renewBefore(duration: bigint, spec: CertificateSpec, rules: Rules): bigint {
  const before = durationOf(spec.renewBefore, 'spec.renewBefore');
  if (before !== undefined && (before > 0n || !rules.renewBeforePositive) && before < duration) return before;
  const percentage = spec.renewBeforePercentage ?? undefined;
  if (percentage !== undefined && percentage > 0 && percentage < 100) {
    switch (rules.renewBeforePercentage) {
      case 'float':
        return BigInt(Math.trunc((Number(duration) * percentage) / 100));
      case 'integer':
        return BigInt.asIntN(64, duration * BigInt(percentage)) / 100n;
      case 'inverted':
        return BigInt.asIntN(64, duration * BigInt(100 - percentage)) / 100n;
      default:
    }
  }
  return duration / 3n;
}

/** A duration of an object; undefined where it is absent. Throws Unclear where no API server would have taken it. */
export function durationOf(text: string | null | undefined, field: string): bigint | undefined {
  if (text === undefined || text === null) return undefined;
  const duration = parseDuration(text);
  if (duration === undefined) throw new Unclear(`${field} is not a duration`);
  return duration;
}

interface Window {
  schedule: Schedule;
  duration: bigint;
}

/** More windows than anybody has; bounds the work. */
const MAX_WINDOWS = 50;

function readWindow(window: RenewalWindow, index: number, rules: Rules): Window {
  if (index >= MAX_WINDOWS) throw new Unclear('too many renewal windows');
  const zone = zoneOf(window.timezone ?? '');
  const duration = durationOf(window.windowDuration, 'windowDuration');
  if (duration === undefined || duration <= 0n) {
    throw new Unclear('cert-manager crashes on a renewal window without a positive windowDuration');
  }
  try {
    return { schedule: parseCron(window.cron ?? '', zone, rules.cronSearchYears), duration };
  } catch (error) {
    if (error instanceof CronError) throw new Unclear('cert-manager crashes on a renewal window with an invalid cron');
    throw error;
  }
}

/**
 * applyRenewBeforeWithWindows: the renewal time within the windows, or undefined where there is none. As upstream, a
 * window that has no start left before the end forgets what the windows before it had found.
 */
function applyWindows(start: bigint, end: bigint, desired: bigint, windows: readonly Window[]): bigint | undefined {
  let bestBefore: bigint | undefined;
  let bestAfter: bigint | undefined;
  for (const { schedule, duration } of windows) {
    const searchMin = start - duration;
    const searchMax = end + duration;
    if (desired < searchMin) {
      bestBefore = undefined;
    } else {
      const before = beforeDesired(schedule, searchMin, searchMax, desired, duration);
      if (before !== undefined && (bestBefore === undefined || before > bestBefore)) bestBefore = before;
    }
    const next = schedule.next((desired > searchMin ? desired : searchMin) - SECOND);
    if (next > searchMax) {
      bestAfter = undefined;
    } else {
      const after = afterDesired(next, desired, duration);
      if (after !== undefined && (bestAfter === undefined || after < bestAfter)) bestAfter = after;
    }
  }
  return bestBefore ?? bestAfter;
}

/** findBeforeDesired: the desired time itself if it lies in the window that opened last, or that window's very end. */
function beforeDesired(
  schedule: Schedule,
  searchMin: bigint,
  searchMax: bigint,
  desired: bigint,
  duration: bigint,
): bigint | undefined {
  const lastStart = latestStart(schedule, searchMin, desired < searchMax ? desired : searchMax);
  if (lastStart === undefined) return undefined;
  const windowEnd = lastStart + duration;
  const candidate = desired >= lastStart && desired < windowEnd ? desired : windowEnd;
  return candidate < desired ? undefined : candidate;
}

/** bsFindLatestWindowBeforeDesired, with its bisection kept as it is: which start it finds depends on it. */
function latestStart(schedule: Schedule, min: bigint, max: bigint): bigint | undefined {
  if (min >= max || schedule.next(min - SECOND) > max) return undefined;
  let low = min;
  let high = max;
  for (;;) {
    const gap = saturatingSub(high, low);
    if (gap <= SECOND) break;
    const middle = low + gap / 2n;
    if (schedule.next(middle) > max) high = middle;
    else low = middle;
  }
  const last = schedule.next(low - SECOND);
  return last > max ? undefined : last;
}

/** findAfterDesired: the desired time if a window opens just then, else the next opening. */
function afterDesired(start: bigint, desired: bigint, duration: bigint): bigint | undefined {
  if (desired < start) return start;
  return desired < start + duration ? desired : undefined;
}

function truncateToSecond(time: bigint): bigint {
  const rest = time % SECOND;
  return time - (rest < 0n ? rest + SECOND : rest);
}
