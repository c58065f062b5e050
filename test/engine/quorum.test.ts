import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quorumOf } from "../../src/engine/protocol/quorum.js";
import { decide, type Tally } from "../../src/engine/quorum/decision.js";

const kinds = ["granted", "denied", "failed"] as const;
const tallyOf = (votes: readonly (typeof kinds)[number][]): Tally => {
  const tally = { granted: 0, denied: 0, failed: 0 };
  for (const vote of votes) tally[vote]++;
  return tally;
};

describe("quorum", () => {
  it("is more than half", () => {
    expect([1, 2, 3, 4, 5, 6, 7].map(quorumOf)).toEqual([1, 2, 2, 3, 3, 4, 4]);
  });

  it("reports an even split as contended", () => {
    expect(decide({ granted: 1, denied: 1, failed: 0 }, 2)).toBe("contended");
    expect(decide({ granted: 2, denied: 2, failed: 0 }, 4)).toBe("contended");
  });

  it("distinguishes contention from failed nodes", () => {
    expect(decide({ granted: 0, denied: 2, failed: 1 }, 3)).toBe("contended");
    expect(decide({ granted: 0, denied: 1, failed: 2 }, 3)).toBe("noQuorum");
    // One vote is pending and can still cause contention.
    expect(decide({ granted: 0, denied: 1, failed: 1 }, 3)).toBeNull();
  });

  it("always decides when all nodes have voted, and never reverses a decision", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 9 }), (votes) => {
        const verdicts = votes.map((_, index) => decide(tallyOf(votes.slice(0, index + 1)), votes.length));
        const final = verdicts.at(-1);
        expect(final).not.toBeNull();
        expect(new Set(verdicts.filter((verdict) => verdict !== null))).toEqual(new Set([final]));
      }),
    );
  });

  it("decides no later than the votes allow", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...kinds), { maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        (votes, nodes) => {
          fc.pre(votes.length < nodes);
          const open = nodes - votes.length;
          const finals = new Set(
            kinds.map((kind) => decide(tallyOf([...votes, ...Array(open).fill(kind)]), nodes)),
          );
          expect(decide(tallyOf(votes), nodes) !== null).toBe(finals.size === 1);
        },
      ),
    );
  });
});
