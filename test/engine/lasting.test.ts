import { describe, expect, test } from "vitest";
import { canReachQuorum } from "../../src/engine/protocol/quorum.js";
import type { Vote } from "../../src/engine/protocol/vote.js";
import { QuorumUnavailableError } from "../../src/errors.js";

const vote = (lasting: boolean): Vote => ({
  kind: "failed",
  reason: "refused",
  message: "no",
  node: "a",
  ...(lasting ? { lasting } : {}),
});
const votes = (lasting: number, others: number) => [
  ...Array.from({ length: lasting }, () => vote(true)),
  ...Array.from({ length: others }, () => vote(false)),
];

describe("a quorum can be reached", () => {
  test.each([
    [1, 1, false],
    [2, 1, false],
    [3, 1, true],
    [3, 2, false],
    [4, 1, true],
    [4, 2, false],
    [5, 2, true],
    [5, 3, false],
  ])("of %i nodes of which %i fail for good: %s", (nodes, lasting, expected) => {
    expect(canReachQuorum(votes(lasting, 0), nodes)).toBe(expected);
    expect(canReachQuorum(votes(lasting, nodes - lasting), nodes)).toBe(expected);
  });
});

test("an error says whether waiting helps, and names the command that examines the nodes once", () => {
  const messageOf = (given: readonly Vote[], nodes: number) =>
    new QuorumUnavailableError(["r"], "acquire", 1, given, nodes).message;
  expect(messageOf(votes(2, 0), 3)).toMatch(/: waiting does not help; `holdfast doctor` examines the nodes$/);
  expect(messageOf(votes(1, 2), 3)).toMatch(/\): `holdfast doctor` examines the nodes$/);
  expect(messageOf(votes(0, 2), 3)).toMatch(/which could not change the result\)$/);
});
