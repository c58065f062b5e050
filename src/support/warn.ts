import { emitWarning } from "./platform.js";

/** Maximum number of warnings of one code in one period. */
const maxPerPeriod = 10;
/** ms. */
const period = 60_000;

/** The bounded warnings of one code in the current period. */
interface WarningCount {
  begun: number;
  count: number;
}

const counts = new Map<string, WarningCount>();

/** Emits a process warning. `code` identifies the kind of warning; `detail` says what to do. */
export function warn(code: string, text: string, detail?: string): void {
  const type = "HoldfastWarning";
  emitWarning(text, detail === undefined ? { type, code } : { type, code, detail });
}

/** Like `warn`, for warnings that may come by the thousand: at most ten a minute of one code, and how many were left out. */
export function warnBounded(code: string, text: string, detail?: string): void {
  const now = performance.now();
  const current = counts.get(code) ?? { begun: now, count: 0 };
  counts.set(code, current);
  let note = "";
  // A test may set the time back, with fake timers for example.
  if (now < current.begun || now - current.begun >= period) {
    const left = current.count - maxPerPeriod;
    if (left > 0) note = ` (${left} like it were left out in the minutes before)`;
    current.begun = now;
    current.count = 0;
  }
  current.count++;
  if (current.count > maxPerPeriod) return;
  if (current.count === maxPerPeriod) note += " (more like it are left out for up to a minute)";
  warn(code, text + note, detail);
}
