import { describe, expect, it } from "vitest";
import type { MemoryNode } from "../../src/clients/memory/memory-node.js";
import { NewerMemoryError } from "../../src/engine/protocol/protocol-version.js";
import type { QuorumUnavailableError } from "../../src/index.js";
import type { LocksOptions } from "../../src/lock/options.js";
import { ask } from "../engine/batches.js";
import { listen, TestNodes } from "../manager/test-nodes.js";
import { caught } from "./scripted-locks.js";

const cause =
  "its memory is of protocol version 2, and this process knows version 1: update Holdfast in this process";
const attempt = { wait: 0, renew: false } as const;

/** Writes a marker as a program of protocol version 2 does. Returns the marker. */
async function update(node: MemoryNode): Promise<void> {
  const { memory } = await node.identify("", null);
  if (memory === null) throw new Error("a memory node has a memory");
  const change = { marker: memory.marker, abstention: null, longest: 9, watermark: 9 };
  // The marker begins with the id: "v2 later.… 9 -".
  await expect(node.identify("v2 later", change)).rejects.toBeInstanceOf(NewerMemoryError);
}

/** Returns the version of the node's memory; 1 if this process can read it. */
const versionAt = (node: MemoryNode, ...write: Parameters<MemoryNode["identify"]>): Promise<number> =>
  node.identify(...write).then(
    () => 1,
    (error: NewerMemoryError) => error.version,
  );

/** Three nodes, of which the first `count` have a memory of version 2, and locks over them. */
async function updated(count: number, options: Partial<LocksOptions> = {}) {
  const world = new TestNodes();
  for (const node of world.nodes.slice(0, count)) await update(node);
  const locks = world.locks({ ttl: 1_000, nodeTimeout: 100, ...options });
  return { world, locks, events: listen(locks) };
}

const downOf = (events: ReturnType<typeof listen>) =>
  events.filter(({ name }) => name === "nodeDown").map(({ event }) => [event.node, event.cause]);

describe("rule 9: a memory of a later protocol version", () => {
  it.each(["auto", 0, false] as const)(
    "fails the vote with a lasting cause that names it, with quarantine %s",
    async (quarantine) => {
      const { world, locks, events } = await updated(2, { quarantine });
      const began = world.clock.monotonic();
      const error = (await world.run(caught(locks.acquire("a", { wait: 30_000 })))) as QuorumUnavailableError;
      expect(error.message).toContain(cause);
      // A cause that does not end by itself ends the wait.
      expect(world.clock.monotonic() - began).toBeLessThan(1_000);
      expect(downOf(events)).toEqual([
        ["node-0", cause],
        ["node-1", cause],
      ]);
      expect(await world.holders("a")).toEqual([false, false, false]);
      await locks.close();
    },
  );

  it("is not replaced, by whatever an older process does", async () => {
    const { world, locks } = await updated(2, { quarantine: 0 });
    await world.run(caught(locks.acquire("a", attempt)));
    await world.clock.advance(60_000);
    await world.run(caught(locks.acquire("a", attempt)));
    const [node] = world.nodes as [MemoryNode];
    expect(await versionAt(node, "", null)).toBe(2);
    expect(await versionAt(node, "an-id", null)).toBe(2);
    const change = { marker: "", abstention: null, longest: 0, watermark: 0 };
    expect(await versionAt(node, "an-id", change)).toBe(2);
    await expect(node.recordSets?.("*,a,b ", "", 5)).rejects.toBeInstanceOf(NewerMemoryError);
    await locks.close();
  });

  it("costs one vote only, and its node is not healed", async () => {
    const { world, locks } = await updated(1);
    const lease = await world.run(locks.acquire("a", { wait: 0 }));
    await world.clock.advance(5_000);
    expect(lease.remaining()).toBeGreaterThan(0);
    expect(await world.holders("a")).toEqual([false, true, true]);
    await world.run(lease.release());
    await locks.close();
  });

  it("is noticed while leases are held: no renewal, but the release deletes the key", async () => {
    const { world, locks, events } = await updated(0);
    const lease = await world.run(locks.acquire("a", { wait: 0 }));
    const [first] = world.nodes as [MemoryNode];
    await update(first);
    await world.clock.advance(3_000);
    expect(lease.remaining()).toBeGreaterThan(0);
    expect(downOf(events)).toEqual([["node-0", cause]]);
    // The key was not renewed there: it has expired.
    expect(await world.holders("a")).toEqual([false, true, true]);
    const next = await world.run(locks.acquire("b", { wait: 0 }));
    await update(world.node(1));
    expect(await world.holders("b")).toEqual([false, true, true]);
    await world.run(next.release());
    await world.clock.advance(50);
    expect(await world.holders("b")).toEqual([false, false, false]);
    await lease.release().catch(() => {});
    await locks.close();
  });

  it("is named by inspect and by ready", async () => {
    const { world, locks } = await updated(1);
    const { nodes } = await world.run(locks.inspect("a"));
    expect(nodes[0]).toEqual({ node: "node-0", state: "failed", error: cause, health: "down" });
    expect(nodes[1]).toMatchObject({ state: "free", health: "ready" });
    const error = await world.run(caught(locks.ready({ timeout: 500 })));
    expect(String(error)).toContain(`node-0: ${cause}`);
    await locks.close();
  });

  it("does not count for how long another node abstains", async () => {
    const { world, locks, events } = await updated(0);
    await world.run(locks.using("a", () => {}));
    await update(world.node(0));
    world.node(1).restart();
    const error = await world.run(caught(locks.acquire("b", attempt)), 3_000);
    expect(String(error)).toContain("can be asked");
    expect(events.filter(({ name }) => name === "nodeQuarantined").at(-1)?.event).toMatchObject({
      node: "node-1",
      until: null,
    });
    await locks.close();
  });

  it("that can be read again, after the operator removed the marker, lets the node vote after its abstention", async () => {
    const { world, locks, events } = await updated(1);
    await world.run(locks.using("a", () => {}));
    world.node(0).flush();
    await world.run(locks.using("a", () => {}));
    await world.clock.advance(3_000);
    const lease = await world.run(locks.acquire("a", { wait: 0 }));
    await world.clock.advance(50);
    expect(await world.holders("a")).toEqual([true, true, true]);
    expect(events.filter(({ name }) => name === "nodeUp").map(({ event }) => event.node)).toContain("node-0");
    await lease.release();
    await locks.close();
  });

  it("of a node that hangs is named when the node answers", async () => {
    const [world, command] = [new TestNodes(1), { op: "inspect", keys: ["a"] } as const];
    const [node] = world.nodes as [MemoryNode];
    await update(node);
    node.hang();
    const asked = versionAt(node, "an-id", null);
    node.wake();
    expect(await asked).toBe(2);
    expect(await ask(node, { command, wanted: () => true })).toMatchObject({ kind: "report" });
  });
});
