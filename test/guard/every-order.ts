import fc from "fast-check";
import { expect } from "vitest";
import { isHoldfastError } from "../../src/guard.js";

/** One record in a storage. */
export interface Subject {
  /**
   * Writes under the fence. Each request to the storage is sent through `step`, which decides when; the first request
   * is the write. Rejects with a StaleFenceError.
   */
  write(fence: number, value: string, step: Step): Promise<unknown>;
  read(): Promise<string | null>;
}

export type Step = <T>(request: () => Promise<T>) => Promise<T>;

interface Written {
  readonly fence: number;
  readonly value: string;
  isStale?: boolean;
}

/** Adjacent numbers: a fence that lost a digit would equal another fence. */
const fences = [2, 1, 0].map((below) => Number.MAX_SAFE_INTEGER - below);

/**
 * Three holders write up to three times each, and their requests arrive in any order: the newest holder always wins.
 */
export function everyOrder(begin: () => Promise<Subject>, numRuns: number): Promise<void> {
  const counts = fc.tuple(...fences.map(() => fc.integer({ min: 0, max: 3 })));
  return fc.assert(
    fc.asyncProperty(fc.scheduler(), counts, async (scheduler, writes) => {
      const subject = await begin();
      const written: Written[] = [];
      const hold = async (fence: number, count: number) => {
        for (let nth = 0; nth < count; nth++) {
          const mine: Written = { fence, value: `${fence}:${nth}` };
          let requests = 0;
          const step: Step = (request) =>
            scheduler.scheduleFunction(() => {
              if (requests++ === 0) written.push(mine);
              return request();
            })() as ReturnType<typeof request>;
          await subject.write(fence, mine.value, step).catch((error: unknown) => {
            if (!isHoldfastError(error, "STALE_FENCE")) throw error;
            expect(error.fence).toBe(fence);
            expect(error.seen).toBeGreaterThan(fence);
            mine.isStale = true;
          });
        }
      };
      await scheduler.waitFor(Promise.all(fences.map((fence, at) => hold(fence, writes[at] ?? 0))));
      let highest = 0;
      let expected: string | null = null;
      for (const [at, { fence, value, isStale = false }] of written.entries()) {
        // A holder that is overtaken before its `look` gets the error, although its write was in time.
        const isNewer = (other: Written) => other.fence > fence;
        if (fence < highest) expect(isStale).toBe(true);
        else if (!written.slice(at).some(isNewer)) expect(isStale).toBe(false);
        if (fence >= highest) expected = value;
        highest = Math.max(highest, fence);
      }
      expect(await subject.read()).toBe(expected);
    }),
    { numRuns },
  );
}
