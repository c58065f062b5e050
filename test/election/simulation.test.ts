import { expect, it } from "vitest";
import type { FencedTerm } from "../../src/index.js";
import { simulate, type UserProgram } from "../../src/testing.js";

const seeds = 4;

it("has one leader at a time in the simulator, with increasing fences", async () => {
  let terms = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const valid = new Set<FencedTerm>();
    const problems: string[] = [];
    let fence = 0;
    const program: UserProgram = async ({ locks, sleep, over }) => {
      const election = locks.election("leader", {
        ttl: 2_000,
        fence: true,
        async onElected(term) {
          if (term.remaining() > 0) {
            if ([...valid].some((other) => other.remaining() > 0)) problems.push("two lead at the same time");
            if (term.fence <= fence) problems.push(`the fence ${term.fence} follows ${fence}`);
            fence = term.fence;
            terms++;
          }
          valid.add(term);
          while (!term.signal.aborted && !over()) await sleep(100);
          valid.delete(term);
        },
      });
      while (!over()) {
        await sleep(700);
        if (election.isLeader) await election.resign();
      }
      await election.close();
    };
    const { violations } = await simulate({ seed, program });
    expect({ seed, violations, problems }).toEqual({ seed, violations: [], problems: [] });
  }
  expect(terms).toBeGreaterThan(20);
}, 120_000);
