import { describe, expect, it } from "vitest";
import { createLocks } from "../../src/index.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";
import { denied, granted, ScriptedNode } from "../engine/scripted-node.js";
import { groupingOption } from "../support/grouping.js";
import { answer, caught, settle } from "./scripted-locks.js";

/** A manager with three nodes whose requests the test answers itself. Nothing listens to its events. */
function unobserved(delay: number) {
  const clock = new VirtualClock();
  const nodes = [0, 1, 2].map((index) => new ScriptedNode(`node-${index}`));
  const retry = { count: 1, delay, jitter: 0 };
  const locks = createLocks({ ...groupingOption(), nodes, clock, owner: "me", ttl: 1_000, retry });
  return { clock, nodes, locks };
}

const opsOf = (node: ScriptedNode | undefined) =>
  node?.arrivals.map(({ command }) => (command.op === "release" && command.queue ? "leave" : command.op));

describe("rule 3: an attempt that is denied by a quorum and retried", () => {
  it("sends no release to a node that denied, before or after the decision", async () => {
    const { locks, nodes, clock } = unobserved(50);
    void caught(locks.acquire("a"));
    await answer(nodes, "acquire", [denied, denied]);
    await clock.advance(1);
    await answer(nodes.slice(2), "acquire", [denied]);
    await clock.advance(20);
    expect(nodes.map(opsOf)).toEqual([["acquire"], ["acquire"], ["acquire"]]);
  });

  it("releases at once on a node that grants after the decision", async () => {
    const { locks, nodes, clock } = unobserved(50);
    void caught(locks.acquire("a"));
    await answer(nodes, "acquire", [denied, denied]);
    await clock.advance(1);
    await answer(nodes.slice(2), "acquire", [granted]);
    expect(nodes.map(opsOf)).toEqual([["acquire"], ["acquire"], ["acquire", "release"]]);
    await clock.advance(20);
    expect(opsOf(nodes[2])).toEqual(["acquire", "release"]);
  });

  it("releases on a silent node after 2 ms, and again if the node grants after that release", async () => {
    const { locks, nodes, clock } = unobserved(50);
    void caught(locks.acquire("a"));
    await answer(nodes, "acquire", [denied, denied]);
    await clock.advance(1);
    expect(opsOf(nodes[2])).toEqual(["acquire"]);
    await clock.advance(1);
    expect(opsOf(nodes[2])).toEqual(["acquire", "release"]);
    await answer(nodes.slice(2), "release", [denied]);
    await answer(nodes.slice(2), "acquire", [granted]);
    expect(opsOf(nodes[2])).toEqual(["acquire", "release", "release"]);
  });

  it("releases on a silent node before the next attempt asks it", async () => {
    const { locks, nodes, clock } = unobserved(1);
    void caught(locks.acquire("a"));
    await answer(nodes, "acquire", [denied, denied]);
    await clock.advance(1);
    expect(opsOf(nodes[2])).toEqual(["acquire", "release", "acquire"]);
  });

  it("releases on a silent node before the acquisition fails", async () => {
    const { locks, nodes, clock } = unobserved(50);
    const abort = new AbortController();
    const acquisition = caught(locks.acquire("a", { signal: abort.signal }));
    await answer(nodes, "acquire", [denied, denied]);
    await clock.advance(1);
    let opsAtFailure: unknown;
    const failed = acquisition.then(() => {
      opsAtFailure = opsOf(nodes[2]);
    });
    abort.abort(new Error("enough"));
    await failed;
    expect(opsAtFailure).toEqual(["acquire", "release"]);
    const before = clock.pending;
    await locks.close();
    expect(clock.pending).toBeLessThanOrEqual(before);
  });

  it("releases on a silent node before a listener to `retrying` is called", async () => {
    const { locks, nodes } = unobserved(50);
    const heard: unknown[] = [];
    locks.on("retrying", () => heard.push(nodes.length));
    void caught(locks.acquire("a"));
    await answer(nodes, "acquire", [denied, denied]);
    await settle();
    expect(heard).toEqual([3]);
    expect(nodes.map(opsOf)).toEqual([["acquire"], ["acquire"], ["acquire", "release"]]);
  });
});
