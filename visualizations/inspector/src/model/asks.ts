import type { Step } from "../../../../src/inspector/feed/frames.js";

/**
 * Whether a waiter asks again because it stands in line and must show that it is still there. That is no retry: nothing
 * has failed.
 */
export const isSignOfLife = ({ event, lock }: Step): boolean =>
  event === "RETRY" && lock.reason === "contended";

/** The answer to a waiter that its turn has not come. */
const isAnswer = ({ event, to }: Step): boolean => event === "DENIED" && to === "acquiring.waiting";

/** Whether the step only says that a waiter still waits. */
export const isMereWaiting = (step: Step): boolean => isSignOfLife(step) || isAnswer(step);

/** A step, or many in which a waiter did nothing but wait. */
export type Entry =
  | { readonly kind: "step"; readonly step: Step }
  | { readonly kind: "asks"; readonly first: Step; readonly last: Step; readonly count: number };

/** Number of questions from which they become one entry. */
const leastFolded = 3;

/** Folds what a waiter in line asks again and again. `steps`: of one lock, oldest first, as are the entries. */
export function foldAsks(steps: readonly Step[]): readonly Entry[] {
  const entries: Entry[] = [];
  let run: Step[] = [];
  const close = () => {
    const [first] = run;
    const last = run.at(-1);
    const count = run.filter(isSignOfLife).length;
    if (first !== undefined && last !== undefined && count >= leastFolded) {
      entries.push({ kind: "asks", first, last, count });
    } else entries.push(...run.map((step) => ({ kind: "step" as const, step })));
    run = [];
  };
  for (const step of steps) {
    if (isSignOfLife(step) || (isAnswer(step) && run.length > 0)) run.push(step);
    else {
      close();
      entries.push({ kind: "step", step });
    }
  }
  close();
  return entries;
}
