import { describe, expect, it, onTestFinished } from "vitest";
import { recogniseNode } from "../../src/clients/recognise.js";
import type { Batch, LockNode } from "../../src/engine/node/lock-node.js";
import { systemClock } from "../../src/engine/time/system-clock.js";
import { locksOf, ownServers } from "../locks/support.js";
import { FenceLog } from "./fence-log.js";
import { SkewedClock } from "./skewed-clock.js";

const hour = 3_600_000;

/** Creates a node with its own connection, over which each message takes `ms` ms. */
function distant(url: string, ms: number): LockNode {
  const node = recogniseNode(url, 0);
  const { execute } = node;
  return Object.assign(node, {
    execute: (batch: Batch) => {
      setTimeout(() => execute.call(node, late(batch, ms)), ms);
    },
  });
}

const late = ({ mark, requests }: Batch, ms: number): Batch => ({
  mark,
  requests: requests.map((request) => ({
    command: request.command,
    wanted: () => request.wanted(),
    answered: (reply) => void setTimeout(() => request.answered(reply), ms),
  })),
});

describe("on real servers, fences of new resources", () => {
  it("reach a slow process beside quick processes in one or two rounds, after a lease by a clock that is an hour ahead", async () => {
    const servers = await ownServers(3);
    const urls = servers.map(({ url }) => url);
    const ahead = locksOf(urls, { clock: new SkewedClock(systemClock, hour) });
    await (await ahead.acquire("ahead", { fence: true })).release();
    let serial = 0;
    let over = false;
    const quick = locksOf(urls);
    onTestFinished(() => {
      over = true;
    });
    const busy = async () => {
      while (!over) await (await quick.acquire(`quick-${serial++}`, { fence: true })).release();
    };
    const all = Array.from({ length: 10 }, busy);
    let rounds = 0;
    const nodes = urls.map((url) => {
      const node = distant(url, 30);
      const { execute } = node;
      return Object.assign(node, {
        execute: (batch: Batch) => {
          rounds += batch.requests.filter(({ command }) => command.op === "fence").length;
          execute.call(node, batch);
        },
      });
    });
    const slow = locksOf(nodes);
    await slow.using("met", () => {});
    const fenceLog = new FenceLog();
    for (let nth = 0; nth < 10; nth++) {
      const resources = [`slow-${nth}`, `slow-too-${nth}`];
      const lease = await slow.acquire(resources, { fence: true });
      fenceLog.note(resources, lease.fence);
      const adopted = await slow.adopt(lease.handover(), { fence: true });
      fenceLog.note(resources, adopted.fence);
      await adopted.release();
    }
    over = true;
    await Promise.all(all);
    expect(fenceLog.wrong).toEqual([]);
    // At most one extra round per lease on three servers. An adopter knows the fence record.
    expect(rounds).toBeLessThanOrEqual(10 * 2 * 3);
    expect(serial).toBeGreaterThan(10);
  });
});
