import { describe, expect, it } from "vitest";
import type { LockCommand } from "../../src/index.js";
import type { ScriptedNode } from "../engine/scripted-node.js";
import { granted, missing } from "../engine/scripted-node.js";
import { answer, caught, scripted, settle } from "./scripted-locks.js";

const permits = (...numbers: number[]) => ({ kind: "granted", permits: numbers }) as const;
const taken = {
  kind: "denied",
  holder: { key: "x", owner: "you", tokenHash: "0", ttlLeft: 500, type: "string" },
} as const;
const unanswered = null;

/** The numbers of the permits in the keys of the command. */
const numbersIn = (command: LockCommand | undefined) =>
  (command?.keys ?? []).map((key) => Number(key.split(":").at(-1))).sort();
const lastOf = (node: ScriptedNode | undefined, op: LockCommand["op"]) =>
  numbersIn(node?.of(op).at(-1)?.command);
const opsOf = (nodes: readonly ScriptedNode[]) => nodes.map(({ ops }) => ops.join(" "));

function asking(weight = 1, size = 3, number = 3, retries = 0) {
  const setup = scripted(size, { retry: { count: retries, delay: 10 } });
  const acquisition = setup.locks.semaphore("pool", { permits: number }).acquire({ weight });
  acquisition.catch(() => {});
  return { ...setup, acquisition };
}

describe("votes are counted for each permit", () => {
  it("so that a quorum of grants of different permits is no lease", async () => {
    const { nodes, acquisition } = asking();
    await answer(nodes, "acquireAny", [permits(1), permits(2), permits(3)]);
    expect(await caught(acquisition)).toMatchObject({ code: "LOCK_CONTENDED" });
  });

  it("so that a quorum of the same permit is one, whatever the other node granted", async () => {
    const { nodes, acquisition } = asking();
    await answer(nodes, "acquireAny", [permits(1), permits(2), permits(2)]);
    expect((await acquisition).permits).toEqual([2]);
  });

  it("so that a lease of two permits needs a quorum of each", async () => {
    const one = asking(2);
    await answer(one.nodes, "acquireAny", [permits(1, 2), permits(2, 3), permits(1, 3)]);
    expect((await one.acquisition).permits.length).toBe(2);
    const other = asking(2, 5);
    await answer(other.nodes, "acquireAny", [permits(1, 2), permits(1, 3), permits(1, 2), taken, taken]);
    expect(await caught(other.acquisition)).toMatchObject({ code: "LOCK_CONTENDED" });
  });

  it("and a missing quorum is no contention", async () => {
    const { nodes, acquisition } = asking();
    const down = { kind: "failed", reason: "connection", message: "gone" } as const;
    await answer(nodes, "acquireAny", [permits(1), permits(2), down]);
    expect(await caught(acquisition)).toMatchObject({ code: "QUORUM_UNAVAILABLE" });
  });
});

describe("a lease is narrowed to its permits", () => {
  it("and what a node granted besides is released there, and the lease's permit set", async () => {
    const { nodes, acquisition } = asking();
    await answer(nodes, "acquireAny", [permits(1), permits(2), permits(2)]);
    await acquisition;
    await settle();
    expect(opsOf(nodes)).toEqual(["acquireAny release heal", "acquireAny", "acquireAny"]);
    expect(lastOf(nodes[0], "release")).toEqual([1]);
    expect(lastOf(nodes[0], "heal")).toEqual([2]);
  });

  it("also on a node that answers later", async () => {
    const { nodes, acquisition } = asking();
    await answer(nodes, "acquireAny", [permits(2), permits(2), unanswered]);
    await acquisition;
    await answer(nodes.slice(2), "acquireAny", [permits(1)]);
    expect(opsOf(nodes)).toEqual(["acquireAny", "acquireAny", "acquireAny release heal"]);
    expect(lastOf(nodes[2], "release")).toEqual([1]);
  });

  it("and the renewal is about its permits alone", async () => {
    const { nodes, acquisition, clock } = asking();
    await answer(nodes, "acquireAny", [permits(2), permits(2), permits(2)]);
    await acquisition;
    await clock.advance(494);
    expect(nodes.map((node) => lastOf(node, "renew"))).toEqual([[2], [2], [2]]);
  });

  it("and nothing is set any more after the release has begun", async () => {
    const { nodes, acquisition } = asking();
    await answer(nodes, "acquireAny", [permits(2), permits(2), unanswered]);
    void (await acquisition).release();
    await answer(nodes.slice(2), "acquireAny", [permits(1)]);
    await answer(nodes, "release", [granted, granted, missing]);
    expect(nodes[2]?.ops).not.toContain("heal");
    const released = nodes[2]?.of("release").flatMap(({ command }) => numbersIn(command));
    expect(released).toContain(1);
  });
});

describe("a failed attempt for permits leaves nothing behind", () => {
  it("where a node has granted", async () => {
    const { nodes, acquisition } = asking();
    await answer(nodes, "acquireAny", [permits(1), permits(2), permits(3)]);
    await caught(acquisition);
    await settle();
    expect(nodes.map((node) => lastOf(node, "release"))).toEqual([[1], [2], [3]]);
  });

  it("where a node may have granted anything", async () => {
    const { nodes, acquisition, clock } = asking();
    await answer(nodes, "acquireAny", [permits(1), unanswered, unanswered]);
    await clock.advance(1_000);
    await caught(acquisition);
    await settle();
    expect(nodes.map((node) => lastOf(node, "release"))).toEqual([[1], [1, 2, 3], [1, 2, 3]]);
  });
});

describe("of many permits, a few are asked for first", () => {
  const few = 4;
  const many = 8;

  /** An acquisition to which every node has denied the first few permits. */
  async function afterDenial(retries = 0) {
    const setup = asking(1, 3, many, retries);
    await settle();
    const [command] = setup.nodes[0]?.of("acquireAny").map(({ command: first }) => first) ?? [];
    const asked = numbersIn(command);
    await answer(setup.nodes, "acquireAny", [taken, taken, taken]);
    return { ...setup, asked, token: command && "token" in command ? command.token : "" };
  }

  it("and none besides if they are granted", async () => {
    const { nodes, acquisition } = asking(1, 3, many);
    await settle();
    const [permit = 0, other = 0, ...more] = lastOf(nodes[0], "acquireAny");
    expect(more).toHaveLength(few - 2);
    await answer(nodes, "acquireAny", [permits(permit), permits(permit), permits(other)]);
    expect((await acquisition).permits).toEqual([permit]);
    await settle();
    expect(opsOf(nodes)).toEqual(["acquireAny", "acquireAny", "acquireAny release heal"]);
  });

  it("and all of them if they are denied, in the same attempt and under the same token", async () => {
    const { nodes, acquisition, events, asked, token } = await afterDenial();
    expect(lastOf(nodes[0], "acquireAny")).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(nodes[0]?.of("acquireAny").at(-1)?.command).toMatchObject({ token, permits: many });
    const permit = [1, 2, 3, 4, 5, 6, 7, 8].find((each) => !asked.includes(each)) ?? 0;
    await answer(nodes, "acquireAny", [permits(permit), permits(permit), taken]);
    expect((await acquisition).permits).toEqual([permit]);
    expect(events).not.toContain("retrying");
  });

  it("and an attempt that ends before the second answer leaves nothing behind", async () => {
    const { nodes, acquisition, clock } = await afterDenial();
    await clock.advance(1_000);
    await caught(acquisition);
    await settle();
    expect(nodes.map((node) => lastOf(node, "release"))).toEqual(nodes.map(() => [1, 2, 3, 4, 5, 6, 7, 8]));
  });

  it("but after a failed attempt all of them at once", async () => {
    const { nodes, acquisition, clock } = await afterDenial(1);
    await answer(nodes, "acquireAny", [taken, taken, taken]);
    await clock.advance(100);
    await answer(nodes, "acquireAny", [taken, taken, taken]);
    expect(await caught(acquisition)).toMatchObject({ code: "LOCK_CONTENDED", attempts: 2 });
    expect(nodes[0]?.of("acquireAny").map(({ command }) => command.keys.length)).toEqual([few, many, many]);
  });
});
