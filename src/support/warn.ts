import { emitWarning } from "./platform.js";

/** Maximum number of warnings of one code in one period. */
const maxPerPeriod = 10;
/** ms. */
const period = 60_000;

/** The bounded warnings of one code in the current period. */
interface Budget {
  begun: number;
  count: number;
}

const budgets = new Map<string, Budget>();

/** Emits a process warning. `code` identifies the kind of warning; `detail` says what to do. */
export function warn(code: string, text: string, detail?: string): void {
  const type = "HoldfastWarning";
  emitWarning(text, detail === undefined ? { type, code } : { type, code, detail });
}

/** Like `warn`, for warnings that may come by the thousand: at most ten a minute of one code, and how many were left out. */
export function warnBounded(code: string, text: string, detail?: string): void {
  const now = performance.now();
  const budget = budgets.get(code) ?? { begun: now, count: 0 };
  budgets.set(code, budget);
  let note = "";
  if (now - budget.begun >= period) {
    const left = budget.count - maxPerPeriod;
    if (left > 0) note = ` (${left} like it were left out in the minutes before)`;
    budget.begun = now;
    budget.count = 0;
  }
  budget.count++;
  if (budget.count > maxPerPeriod) return;
  if (budget.count === maxPerPeriod) note += " (more like it are left out for up to a minute)";
  warn(code, text + note, detail);
}
