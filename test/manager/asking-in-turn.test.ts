import { describe, expect, it } from "vitest";
import type { LocksOptions } from "../../src/lock/options.js";
import { ask } from "../engine/batches.js";
import { far } from "../support/far-node.js";
import { TestNodes } from "./test-nodes.js";

interface Paths {
  /** ms from the holder to each node. */
  readonly fromHolder: readonly number[];
  /** ms between each node and the waiter. */
  readonly toWaiter: readonly number[];
  /** The nodes whose messages to the waiter are lost. */
  readonly losing?: readonly number[];
}

/** A lock that one process holds and another one waits for. Times are in ms since the release. */
class HandingOver {
  readonly testNodes = new TestNodes();
  /** When the waiter sent each acquire command since the release, and to which node. */
  readonly asked: { readonly node: number; readonly at: number }[] = [];
  private releasedAt = Number.POSITIVE_INFINITY;
  private secrets = 0;

  constructor(private readonly paths: Paths) {}

  get time(): number {
    return this.testNodes.clock.monotonic() - this.releasedAt;
  }

  /** Releases the lock while another process waits. Returns the waiter's acquisition. */
  async begin(options: Parameters<ReturnType<TestNodes["locks"]>["acquire"]>[1] = {}) {
    const { testNodes } = this;
    const { fromHolder, toWaiter, losing = [] } = this.paths;
    const holder = this.process(fromHolder);
    const waiter = this.process(toWaiter, {
      losing,
      sees: (node) => {
        if (this.time >= 0) this.asked.push({ node, at: this.time });
      },
    });
    const held = await testNodes.run(holder.acquire("a"));
    const waiting = waiter.acquire("a", options);
    waiting.catch(() => {});
    await testNodes.clock.advance(200);
    this.releasedAt = testNodes.clock.monotonic();
    void held.release();
    return { waiting, waiter };
  }

  private process(
    delays: readonly number[],
    { losing = [], sees = () => {} }: { losing?: readonly number[]; sees?: (node: number) => void } = {},
  ) {
    const { clock, nodes } = this.testNodes;
    const options: Partial<LocksOptions> = {
      nodes: nodes.map((node, index) =>
        far(node, clock, {
          delay: () => delays[index] ?? 0,
          losesMessage: () => losing.includes(index),
          sees: ({ op }) => {
            if (op === "acquire") sees(index);
          },
        }),
      ),
      random: { secret: () => String(++this.secrets).padStart(22, "0"), fraction: () => 0.5 },
    };
    return this.testNodes.locks(options);
  }
}

describe("a waiter that is told of its turn", () => {
  it("asks each node of a quorum when its message has arrived, and the others after the grant", async () => {
    const handing = new HandingOver({ fromHolder: [0.5, 2, 2.5], toWaiter: [1, 0.5, 0.75] });
    const { waiting } = await handing.begin();
    await handing.testNodes.clock.advance(5);
    expect(handing.asked).toEqual([
      { node: 0, at: 1.5 },
      { node: 1, at: 2.5 },
      { node: 2, at: 3.5 },
    ]);
    await waiting;
    expect(await handing.testNodes.holders("a")).toEqual([true, true, true]);
  });

  it("asks the nodes without a message when a quorum has granted", async () => {
    const handing = new HandingOver({
      fromHolder: [0.5, 0.5, 0.5],
      toWaiter: [0.5, 0.75, 0.5],
      losing: [2],
    });
    const { waiting } = await handing.begin();
    await handing.testNodes.clock.advance(10);
    expect(handing.asked).toEqual([
      { node: 0, at: 1 },
      { node: 1, at: 1.25 },
      { node: 2, at: 2.75 },
    ]);
    await waiting;
    expect(await handing.testNodes.holders("a")).toEqual([true, true, true]);
  });

  it("asks the nodes without a message 3 ms after the first message", async () => {
    const handing = new HandingOver({
      fromHolder: [0.5, 0.5, 0.5],
      toWaiter: [0.5, 0.5, 0.5],
      losing: [1, 2],
    });
    const { waiting } = await handing.begin();
    await handing.testNodes.clock.advance(10);
    expect(handing.asked).toEqual([
      { node: 0, at: 1 },
      { node: 1, at: 4 },
      { node: 2, at: 4 },
    ]);
    await waiting;
    expect(await handing.testNodes.holders("a")).toEqual([true, true, true]);
  });

  it("asks no further node once it has given up, and leaves nothing behind", async () => {
    const handing = new HandingOver({
      fromHolder: [0.5, 0.5, 0.5],
      toWaiter: [0.5, 0.5, 0.5],
      losing: [1, 2],
    });
    const abort = new AbortController();
    const { waiting } = await handing.begin({ signal: abort.signal });
    await handing.testNodes.clock.advance(2);
    abort.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await handing.testNodes.clock.advance(20);
    expect(handing.asked).toEqual([{ node: 0, at: 1 }]);
    expect(await handing.testNodes.holders("a")).toEqual([false, false, false]);
  });

  it("asks the other nodes when one denies, and follows a later message", async () => {
    const handing = new HandingOver({ fromHolder: [0.5, 0.5, 5], toWaiter: [0.5, 0.5, 0.5] });
    const { clock, nodes } = handing.testNodes;
    const { waiting } = await handing.begin();
    await clock.advance(0.75);
    // Another client takes the lock on two nodes before the waiter does, for a few ms.
    const command = { op: "acquire", keys: ["a"], token: "foreign", ttl: 7 } as const;
    for (const node of nodes.slice(0, 2)) void ask(node, { command, wanted: () => true });
    await clock.advance(12);
    expect(handing.asked).toEqual([
      { node: 0, at: 1 },
      { node: 1, at: 1 },
      { node: 2, at: 2 },
      { node: 2, at: 5.5 },
      { node: 0, at: 8.5 },
      { node: 1, at: 8.5 },
    ]);
    await waiting;
  });

  it("follows a message of which it learns during an attempt", async () => {
    // The first message starts an attempt that node 1 and node 2 deny, because the release has not reached them.
    const handing = new HandingOver({ fromHolder: [0.5, 6, 7], toWaiter: [0.5, 0.5, 0.5] });
    const { waiting } = await handing.begin();
    await handing.testNodes.clock.advance(12);
    expect(handing.asked).toEqual([
      { node: 0, at: 1 },
      { node: 1, at: 4 },
      { node: 2, at: 4 },
      { node: 1, at: 6.5 },
      { node: 2, at: 7.5 },
      { node: 0, at: 8.5 },
    ]);
    await waiting;
    expect(await handing.testNodes.holders("a")).toEqual([true, true, true]);
  });

  it("leaves no place behind on a node that denied it, if its lease is handed over", async () => {
    const handing = new HandingOver({ fromHolder: [0.5, 0.5, 20], toWaiter: [0.5, 0.5, 0.5] });
    const { testNodes } = handing;
    const { waiting } = await handing.begin();
    await testNodes.clock.advance(10);
    expect(await testNodes.holders("a")).toEqual([true, true, true]);
    const adopter = testNodes.locks();
    const adopted = await testNodes.run(adopter.adopt((await waiting).handover()));
    await testNodes.clock.advance(20);
    await testNodes.run(adopted.release());
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
    await testNodes.run(adopter.acquire("a", { renew: false }));
    expect(await testNodes.holders("a")).toEqual([true, true, true]);
  });
});
