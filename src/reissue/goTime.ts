/** Seconds since 1970 of Go's zero time, 1 January of the year 1. */
export const ZERO_SECONDS = -62_135_596_800;

/**
 * A metav1.Time of an object as Go prints it in UTC: `2026-11-24 10:00:00 +0000 UTC`; `<nil>` where there is none.
 * undefined where the text is not RFC 3339, which no API server would have stored.
 */
export function printTime(text: string | undefined): string | undefined {
  if (text === undefined) return '<nil>';
  const seconds = parseTime(text);
  if (seconds === undefined) return undefined;
  const iso = rfc3339(seconds);
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} +0000 UTC`;
}

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:Z|[+-]\d\d:\d\d)$/;

/** Whole seconds since 1970 of an RFC 3339 time without fractions, as Kubernetes writes it; undefined for other text. */
export function parseTime(text: string): number | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) return undefined;
  // Date.parse rolls 31 February over; Go refuses it.
  const days = new Date(Date.UTC(Number(match[1]), Number(match[2]), 0)).getUTCDate();
  if (Number(match[3]) > days || Number(match[4]) > 23) return undefined;
  return milliseconds / 1000;
}

/** Seconds since 1970 as RFC 3339 in UTC. */
export function rfc3339(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, -5)}Z`;
}
