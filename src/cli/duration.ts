export { formatDuration } from "../support/duration.js";

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The duration as an option has it, not rounded: 6s, 1500ms. */
export function exactDuration(ms: number): string {
  const unit = (["d", "h", "m", "s"] as const).find((one) => ms > 0 && ms % units[one] === 0) ?? "ms";
  return `${ms / units[unit]}${unit}`;
}

export const durationSyntax = "a duration such as 500ms, 30s, 1.5m, 2h or 1d; a plain integer is ms";

/**
 * Parses a duration in ms; undefined if `text` is not a duration. A plain integer is ms, as in the library's options.
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$|^(\d+)$/.exec(text.trim());
  if (match === null) return undefined;
  // The pattern admits no other unit.
  const unit = (match[2] ?? "ms") as keyof typeof units;
  const ms = Math.round(Number(match[1] ?? match[3]) * units[unit]);
  return Number.isSafeInteger(ms) ? ms : undefined;
}
