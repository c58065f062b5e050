import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InProcessNode } from "../../../src/clients/memory/memory-node.js";
import { FrameAggregate } from "../../../src/inspector/feed/frame-aggregate.js";
import type { Frame } from "../../../src/inspector/feed/frames.js";
import { FrameDedup } from "../../../src/inspector/publishing/frame-dedup.js";
import {
  type NewerPublisher,
  newerMessage,
  subscribeToFrames,
} from "../../../src/inspector/publishing/frame-subscription.js";
import { RecentMessages } from "../../../src/inspector/publishing/recent-messages.js";
import { settle, VirtualClock } from "../../../src/testing/virtual-clock.js";
import { beat, lockView, noon } from "../frames-of-all-kinds.js";

const channel = "holdfast:life";

async function subscription(count = 3) {
  const clock = new VirtualClock();
  const nodes = Array.from({ length: count }, (_, index) => new InProcessNode(`node-${index}`, index, clock));
  const received: Frame[] = [];
  const newer: NewerPublisher[] = [];
  const line = subscribeToFrames(nodes, (frame) => received.push(frame), {
    clock,
    onNewer: (publisher) => newer.push(publisher),
  });
  await settle();
  const say = async (frame: unknown, on = nodes) => {
    for (const node of on) node.deliver(channel, typeof frame === "string" ? frame : JSON.stringify(frame));
    await settle();
  };
  return { clock, nodes, heard: received, newer, line, say };
}

describe("a frame subscription", () => {
  it("receives a frame once, however many nodes deliver it", async () => {
    const { nodes, heard, line, say } = await subscription();
    await say(beat({ seq: 1 }));
    await say(beat({ seq: 2 }), nodes.slice(1));
    await say(beat({ seq: 2 }), nodes.slice(0, 1));
    expect(heard.map(({ seq }) => seq)).toEqual([1, 2]);
    await say(beat({ seq: 1, source: "b" }));
    expect(heard).toHaveLength(3);
    await line.close();
    await say(beat({ seq: 3 }));
    expect(heard).toHaveLength(3);
  });

  it("ignores a frame that arrives after a later one", async () => {
    const { heard, say } = await subscription();
    await say(beat({ seq: 5 }));
    await say(beat({ seq: 4 }));
    expect(heard.map(({ seq }) => seq)).toEqual([5]);
  });

  it("continues over the remaining nodes, and over those that come back", async () => {
    const { nodes, heard, line, say } = await subscription();
    expect(line.subscribedNodes).toBe(3);
    nodes[0]?.crash();
    await say(beat({ seq: 1 }));
    expect([line.subscribedNodes, heard.length]).toEqual([2, 1]);
    nodes[0]?.restart();
    await say(beat({ seq: 2 }), nodes.slice(0, 1));
    expect([line.subscribedNodes, heard.length]).toEqual([3, 2]);
    await line.close();
    expect(line.subscribedNodes).toBe(0);
  });

  it("drops and counts messages that are not frames", async () => {
    const { heard, line, say } = await subscription(1);
    const long = JSON.stringify(beat({ owner: "x".repeat(100 * 1024) }));
    const wrong = [
      "",
      "{",
      "null",
      "[]",
      '{"kind":"beat"}',
      long,
      { ...beat(), kind: "boom" },
      { ...beat(), seq: -1 },
    ];
    for (const message of wrong) await say(message);
    expect(heard).toEqual([]);
    expect(line.dropped).toBe(wrong.length);
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (message) => {
        await say(message);
      }),
      { numRuns: 300 },
    );
    expect(heard).toEqual([]);
  });

  it("counts a message that several nodes deliver once, and remembers few messages", async () => {
    const { line, say } = await subscription(3);
    await say("not a frame");
    expect(line.dropped).toBe(1);
    const recent = new RecentMessages();
    expect([recent.repeats("a"), recent.repeats("a")]).toEqual([false, true]);
    for (let count = 0; count < 500; count += 1) recent.repeats(`message ${count}`);
    expect(recent.sizes.messages).toBe(100);
    for (let count = 0; count < 50; count += 1) recent.repeats(`${count} ${"x".repeat(64 * 1024)}`);
    expect(recent.sizes.characters).toBeLessThanOrEqual(1_000_000);
    expect(recent.repeats("a")).toBe(false);
  });

  it("reads a frame without a version as one of version 1", async () => {
    const { heard, say } = await subscription(1);
    await say(beat({ seq: 1 }));
    await say({ version: 1, ...beat({ seq: 2 }) });
    expect(heard).toEqual([beat({ seq: 1 }), beat({ seq: 2 })]);
  });

  it("ignores frames of a later version, and reports each version once", async () => {
    const { heard, newer, line, say } = await subscription();
    for (let seq = 1; seq < 4; seq++) {
      await say({ version: 2, ...beat({ seq, owner: "worker-1" }) });
      await say({ version: 2, ...beat({ seq, owner: "worker-2" }) });
      await say({ version: 3, kind: "something-else", source: "x".repeat(1_000) });
    }
    expect([heard, line.dropped]).toEqual([[], 0]);
    expect(newer).toMatchObject([
      { name: "worker-1", version: 2 },
      { name: expect.stringMatching(/^x{97}\.\.\.$/), version: 3 },
    ]);
    expect(newer.slice(0, 1).map(newerMessage)).toEqual([
      "process worker-1 publishes in version 2; this holdfast reads version 1: update it",
    ]);
    await say({ version: 1, ...beat({ seq: 4, owner: "worker-1" }) });
    expect(heard).toHaveLength(1);
  });

  it("reports few of very many later versions", async () => {
    const { newer, say } = await subscription(1);
    for (let version = 2; version < 100; version++) await say({ version, source: "a" });
    expect(newer).toHaveLength(10);
  });

  it("treats a lock as gone that was not reported for long, even if its process is alive", async () => {
    const { clock, heard, line, say } = await subscription(1);
    await say(beat({ seq: 1 }));
    await say({ kind: "locks", source: "a", seq: 2, time: noon, locks: [lockView()] });
    await say({ kind: "locks", source: "a", seq: 3, time: noon, locks: [lockView({ id: "a-2" })] });
    for (let seq = 4; seq < 17; seq++) {
      await clock.advance(5_000);
      await say({ kind: "locks", source: "a", seq, time: noon, locks: [lockView({ id: "a-2" })] });
    }
    expect(heard.filter(({ kind }) => kind === "gone")).toMatchObject([{ source: "a", locks: ["a-1"] }]);
    await line.close();
    expect(clock.pending).toBe(0);
  });

  it("forgets a lock of a dead process whose clock is ahead, without a word of that process", async () => {
    const { clock, heard, say } = await subscription(1);
    const aggregate = new FrameAggregate();
    const ahead = () => clock.wall() + 90_000;
    const applied = () => {
      for (const frame of heard.splice(0)) aggregate.apply(frame, clock.wall());
    };
    await say(beat({ seq: 1, time: ahead() }));
    await say({ kind: "locks", source: "a", seq: 2, time: ahead(), locks: [lockView()] });
    await clock.advance(8_000);
    await say(beat({ seq: 3, time: ahead() }));
    applied();
    const { receivedAt, lag } = aggregate.sources.get("a")!;
    await clock.advance(58_000);
    applied();
    expect(aggregate.locks.size).toBe(0);
    expect(aggregate.sources.get("a")).toMatchObject({ receivedAt, lag, closed: false });
  });

  it("keeps its memory bounded", () => {
    const clock = new VirtualClock();
    const dedup = new FrameDedup(clock);
    for (let source = 0; source < 2_000; source++) {
      const locks = Array.from({ length: 50 }, (_, index) => lockView({ id: `${source}/${index}` }));
      dedup.isNew({ kind: "locks", source: `${source}`, seq: 1, time: noon, locks });
    }
    expect(dedup.sizes).toEqual({ sources: 1_000, locks: 20_000 });
    clock.stall(120_000);
    dedup.tidy();
    expect(dedup.sizes).toEqual({ sources: 0, locks: 0 });
    expect(dedup.isNew(beat({ source: "new" }))).toBe(true);
  });
});
