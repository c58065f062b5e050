import fc from "fast-check";
import { expect, it } from "vitest";
import { decidePermits, grantedPermits, type PermitBallot } from "../../src/engine/quorum/permit-decision.js";

const number = 4;
const setsOf = (nodes: number, isJoint: boolean) => {
  const all = Array.from({ length: nodes }, (_, index) => index);
  const quorumOf = (members: readonly number[]) => ({
    members,
    quorum: Math.floor(members.length / 2) + 1,
  });
  return isJoint ? [quorumOf(all.slice(1)), quorumOf(all.slice(0, -1))] : [quorumOf(all)];
};
const ballotOf = (weight: number): fc.Arbitrary<PermitBallot> =>
  fc
    .oneof(
      { weight: 4, arbitrary: fc.shuffledSubarray([1, 2, 3, 4], { minLength: weight, maxLength: weight }) },
      { weight: 1, arbitrary: fc.constant<number[]>([]) },
      { weight: 1, arbitrary: fc.constant("failed" as const) },
    )
    .map((ballot) => (ballot === "failed" ? ballot : { permits: ballot }));

const round = fc
  .record({
    nodes: fc.integer({ min: 1, max: 5 }),
    weight: fc.integer({ min: 1, max: 3 }),
    joins: fc.boolean(),
  })
  .map(({ joins, ...some }) => ({ ...some, isJoint: joins && some.nodes > 1 }))
  .chain(({ nodes, weight, isJoint }) =>
    fc.record({
      weight: fc.constant(weight),
      sets: fc.constant(setsOf(nodes, isJoint)),
      ballots: fc.array(ballotOf(weight), { minLength: nodes, maxLength: nodes }),
    }),
  );

it("a verdict about permits is never changed by a later vote, and there is one when all have voted", () => {
  fc.assert(
    fc.property(round, ({ weight, sets, ballots }) => {
      const verdicts = ballots.map((_, index) =>
        decidePermits(ballots.slice(0, index + 1), sets, weight, number),
      );
      const first = verdicts.find((verdict) => verdict !== null);
      expect(first).toBeDefined();
      expect(verdicts.at(-1)).toBe(first);
    }),
    { numRuns: 2_000 },
  );
});

it("what is granted has a quorum of each set for each permit", () => {
  fc.assert(
    fc.property(round, ({ weight, sets, ballots }) => {
      const permits = grantedPermits(ballots, sets);
      for (const permit of permits) {
        for (const { members, quorum } of sets) {
          const votes = members.filter((member) => {
            const ballot = ballots[member];
            return ballot !== "failed" && ballot?.permits.includes(permit);
          });
          expect(votes.length).toBeGreaterThanOrEqual(quorum);
        }
      }
      const isGranted = decidePermits(ballots, sets, weight, number) === "granted";
      expect(isGranted).toBe(permits.length >= weight);
    }),
    { numRuns: 2_000 },
  );
});
