const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const durationSyntax = "a duration such as 500ms, 30s, 1.5m, 2h or 1d; a plain integer is ms";

/** ms, or undefined if `text` is not a duration. A plain integer is ms, as in the library's options. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$|^(\d+)$/.exec(text.trim());
  if (match === null) return undefined;
  // The pattern admits no other unit.
  const unit = (match[2] ?? "ms") as keyof typeof units;
  const ms = Math.round(Number(match[1] ?? match[3]) * units[unit]);
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** For people: `450 ms`, `8.2 s`, `3 min 5 s`, `2 h 10 min`. */
export function formatDuration(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return "ever";
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return pair(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.round(seconds / 60);
  return pair(Math.floor(minutes / 60), "h", minutes % 60, "min");
}

const pair = (large: number, largeUnit: string, small: number, smallUnit: string) =>
  small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
