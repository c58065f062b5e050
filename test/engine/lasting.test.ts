import { describe, expect, test } from "vitest";
import { Membership } from "../../src/engine/protocol/membership.js";
import { canReachQuorum } from "../../src/engine/protocol/quorum.js";
import type { Vote } from "../../src/engine/protocol/vote.js";
import { AcquireTimeoutError, QuorumUnavailableError } from "../../src/errors.js";

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

describe("an error says what to do about", () => {
  const timeout: Vote = { kind: "failed", reason: "timeout", message: "no answer within 1 s", node: "a" };
  const refusal = (message: string): Vote => ({ kind: "failed", reason: "refused", message, node: "b" });
  const oom = refusal("OOM command not allowed when used memory > 'maxmemory'.");
  const readOnly = refusal("READONLY You can't write against a read only replica.");
  const oldReadOnly = refusal("@user_script: 12: -READONLY You can't write against a read only slave.");
  const notReady = (message: string): Vote => ({ kind: "failed", reason: "notReady", message, node: "c" });
  const silence: Vote = {
    kind: "failed",
    reason: "connection",
    message: "connection lost (it was silent for too long and has been replaced)",
    node: "d",
  };
  const closed = "the client is closed: the program closed it, or it has given up reconnecting";
  const remedies = {
    hung: "check the servers that do not answer, or wait longer (nodeTimeout, wait)",
    full: "free memory or raise maxmemory",
    replica: "point the client to the master",
  };

  test.each<[string, Vote[], string]>([
    ["servers that do not answer", [timeout, timeout], remedies.hung],
    ["full servers", [oom, oom], remedies.full],
    ["replicas", [readOnly, oldReadOnly], remedies.replica],
    [
      "a wrong password",
      [refusal("WRONGPASS invalid username-password pair or user is disabled.")],
      "correct the user or the password",
    ],
    [
      "a password that is missing",
      [refusal("NOAUTH Authentication required.")],
      "give the user and the password",
    ],
    ["a silent connection", [silence, silence], remedies.hung],
    [
      "a port on which nothing listens",
      [notReady("not connected after 9.6 s: connect ECONNREFUSED 10.0.0.1:6380")],
      "start the server, or correct host and port; `holdfast doctor` examines the nodes",
    ],
    [
      "a name that does not resolve",
      [notReady("getaddrinfo ENOTFOUND locks.example"), notReady("getaddrinfo EAI_AGAIN locks.example")],
      "correct the host name, or the DNS; `holdfast doctor` examines the nodes",
    ],
    [
      "a server that hangs from the beginning",
      [
        notReady("connected, but not ready within 5 s: no reply to AUTH, SELECT or INFO, or …"),
        notReady("not connected after 9.6 s: the server did not answer while connecting"),
      ],
      "check whether the server hangs, and the firewalls; `holdfast doctor` examines the nodes",
    ],
    [
      "clients that the program has closed",
      [notReady(closed), notReady(closed)],
      "keep the client open for as long as Holdfast uses it, or open it again",
    ],
    [
      "a client that has given up",
      [notReady(`${closed} (connect ECONNREFUSED 10.0.0.1:6380)`)],
      "start the server, or correct host and port; `holdfast doctor` examines the nodes",
    ],
    [
      "a client that the program has closed beside a node that does not answer",
      [notReady(closed), notReady("getaddrinfo ENOTFOUND locks.example")],
      "correct the host name, or the DNS; keep the client open for as long as Holdfast uses it, or open it again; `holdfast doctor` examines the nodes",
    ],
    ["several causes, each once", [oom, timeout, oom, timeout], `${remedies.hung}; ${remedies.full}`],
    [
      "such causes beside one that lasts",
      [timeout, vote(true), vote(true)],
      `${remedies.hung}; waiting does not help; \`holdfast doctor\` examines the nodes`,
    ],
  ])("%s", (_, given, advice) => {
    const { message } = new QuorumUnavailableError(["r"], "acquire", 1, given, 3);
    expect(message.slice(message.lastIndexOf("): "))).toBe(`): ${advice}`);
  });
});

test('an error says "could not acquire" once, also when the wait is over', () => {
  const cause = new QuorumUnavailableError(["r"], "acquire", 2, votes(0, 2), 3);
  const { message } = new AcquireTimeoutError(["r"], 300, 2, cause);
  expect(message).toMatch(/^could not acquire "r" within 300 ms: 0 of 3 nodes granted, after 2 attempts \(/);
});

test("an error says that waiting does not help if a quorum of one of two sets cannot be reached", () => {
  const error = new QuorumUnavailableError(["r"], "acquire", 1, votes(1, 0), 4, "noQuorum", true, false);
  expect(error.message).toMatch(/: waiting does not help; `holdfast doctor` examines the nodes$/);
});

test("of two sets, each must be able to reach a quorum", () => {
  const membership = new Membership(["b", "c", "d", "a"], [[0, 1, 2], [3]]);
  expect(membership.canReachQuorum(votes(1, 0))).toBe(false);
  expect(membership.canReachQuorum(votes(0, 1))).toBe(true);
  expect(new Membership(["a", "b", "c"]).canReachQuorum(votes(1, 0))).toBe(true);
});
