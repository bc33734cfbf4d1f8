const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/**
 * A duration as people write it: `90s`, `10m`, `1h30m`, `30d`, `2w`.
 * @returns milliseconds, or undefined where the text is no duration.
 */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d|w))+$/.test(text)) return undefined;
  let total = 0;
  for (const part of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)) {
    total += Number(part[1]) * (UNITS[part[2] ?? ''] ?? Number.NaN);
  }
  return Number.isFinite(total) ? total : undefined;
}

/** Milliseconds for people: `45 s`, `12 min`, `5 h`, `30 d`. */
export function formatDuration(ms: number): string {
  const abs = Math.abs(ms);
  if (abs < 120_000) return `${Math.round(ms / 1000)} s`;
  if (abs < 2 * 3_600_000) return `${Math.round(ms / 60_000)} min`;
  if (abs < 2 * 86_400_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}
