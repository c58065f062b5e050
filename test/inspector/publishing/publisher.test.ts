import { describe, expect, it, onTestFinished } from "vitest";
import {
  InvalidOptionError,
  type LockNode,
  type Locks,
  type LocksOptions,
  memoryNode,
} from "../../../src/index.js";
import { parseFrame } from "../../../src/inspector/feed/frames.js";
import { subscribeToFrames } from "../../../src/inspector/publishing/frame-subscription.js";
import "../../../src/inspector/publishing/publisher.js";
import { settle, TestNodes } from "../../manager/test-nodes.js";
import { waitUntil } from "../../support/wait-until.js";
import { ReceivedFrames } from "../feed/tracked.js";

/**
 * Processes that publish their locks over memory nodes in virtual time. Counts the messages published at each node.
 */
class Published {
  readonly world = new TestNodes();
  readonly messages: string[][] = this.world.nodes.map(() => []);

  constructor() {
    for (const [index, node] of this.world.nodes.entries()) {
      const publish = node.publish?.bind(node);
      Object.assign(node, {
        publish: (channel: string, message: string) => {
          expect(channel).toBe("holdfast:life");
          this.messages[index]?.push(message);
          return publish?.(channel, message);
        },
      });
    }
  }

  get clock() {
    return this.world.clock;
  }

  /** A process that has sent its first beat. */
  async process(options: Partial<LocksOptions> = {}): Promise<Locks> {
    const before = this.count;
    const locks = this.world.locks({ publish: true, ...options });
    onTestFinished(() => void locks.close({ timeout: 0 }));
    await waitUntil("the code for publishing is there", 5_000, () => this.count > before);
    return locks;
  }

  listen(nodes: readonly LockNode[] = this.world.nodes) {
    const received = new ReceivedFrames();
    const subscription = subscribeToFrames(nodes, (frame) => received.take(frame), { clock: this.clock });
    onTestFinished(() => subscription.close());
    return { heard: received, subscription };
  }

  get count(): number {
    return this.messages.flat().length;
  }

  /** The kinds of the frames that are published at the first node from now on. */
  since(start: number): string[] {
    return this.messages[0]?.slice(start).map((message) => JSON.parse(message).kind) ?? [];
  }
}

describe("publishing", () => {
  it("lets a third process see the locks of two", async () => {
    const published = new Published();
    const { world, clock } = published;
    const ours = await published.process({ owner: "ours" });
    const theirs = await published.process({ owner: "theirs", prefix: "" });
    const early = await world.run(ours.acquire("early"));
    const { heard, subscription } = published.listen();
    await clock.advance(2_100);
    expect(subscription).toMatchObject({ subscribedNodes: 3, dropped: 0 });
    expect([...heard.view.sources.values()].map(({ beat }) => beat.owner).sort()).toEqual(["ours", "theirs"]);
    expect(heard.locks).toMatchObject([{ resources: ["early"], state: "held" }]);
    await world.run(theirs.using("late", () => {}));
    await early.release();
    await clock.advance(200);
    expect(heard.moves).toEqual([
      "ACQUIRE idle>acquiring.asking",
      "GRANTED acquiring.asking>held",
      "RELEASE held>releasing",
      "RELEASED releasing>idle",
      "RELEASE held>releasing",
      "RELEASED releasing>idle",
    ]);
    // Each frame arrives over three nodes, but counts once.
    for (const source of heard.view.sources.keys()) {
      const numbers = heard.frames.filter((frame) => frame.source === source).map(({ seq }) => seq);
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    }
  });

  it("states the version of every frame", async () => {
    const published = new Published();
    const { world, clock } = published;
    const locks = await published.process();
    published.listen();
    await clock.advance(2_100);
    await world.run(locks.using("a", () => {}));
    await clock.advance(6_000);
    await locks.close();
    const frames = published.messages.flat().map((message) => JSON.parse(message));
    expect(new Set(frames.map(({ kind }) => kind))).toEqual(new Set(["beat", "steps", "locks", "bye"]));
    expect(frames.filter(({ version }) => version !== 1)).toEqual([]);
  });

  it("is a beat every two seconds without subscribers", async () => {
    const published = new Published();
    const { world, clock } = published;
    const locks = await published.process();
    for (let turn = 0; turn < 50; turn++) {
      await world.run(locks.using(`a${turn}`, () => {}));
      await clock.advance(200);
    }
    const spent = clock.monotonic();
    const kinds = published.since(0);
    expect(new Set(kinds)).toEqual(new Set(["beat"]));
    expect(kinds.length).toBeLessThanOrEqual(Math.floor(spent / 2_000) + 1);
    expect(kinds.length).toBeGreaterThan(4);
  });

  it("goes quiet when the last subscriber has left", async () => {
    const published = new Published();
    const { world, clock } = published;
    const locks = await published.process();
    const { subscription } = published.listen();
    await clock.advance(3_000);
    await subscription.close();
    await clock.advance(2_000);
    const start = published.messages[0]?.length ?? 0;
    await world.run(locks.using("a", () => {}));
    await clock.advance(10_000);
    expect(published.since(start)).toEqual(Array.from({ length: 5 }, () => "beat"));
  });

  it("sends the whole state to a later subscriber", async () => {
    const published = new Published();
    const { world, clock } = published;
    const locks = await published.process();
    published.listen();
    await clock.advance(2_100);
    await world.run(Promise.all(Array.from({ length: 300 }, (_, index) => locks.acquire(`r${index}`))));
    await clock.advance(3_000);
    const { heard } = published.listen();
    await clock.advance(3_500);
    expect(heard.locks).toHaveLength(300);
  });

  it("sends every lock again within some seconds, so that lost messages do not matter", async () => {
    const published = new Published();
    const { world, clock } = published;
    const locks = await published.process();
    const { heard } = published.listen();
    await clock.advance(2_100);
    await world.run(locks.acquire("a"));
    await clock.advance(200);
    heard.view.removeSilent(Number.POSITIVE_INFINITY);
    expect(heard.locks).toEqual([]);
    await clock.advance(6_000);
    expect(heard.locks).toMatchObject([{ resources: ["a"] }]);
  });

  it("keeps to its rate of steps, and still reports the state of every lock", async () => {
    const published = new Published();
    const { world, clock } = published;
    const locks = await published.process({ publish: { stepsPerSecond: 10 } });
    const { heard } = published.listen();
    await clock.advance(2_100);
    await world.run(Promise.all(Array.from({ length: 100 }, (_, index) => locks.acquire(`r${index}`))));
    await clock.advance(1_000);
    expect(heard.steps.length).toBeLessThanOrEqual(20);
    expect(heard.locks).toHaveLength(100);
    expect(new Set(heard.locks.map(({ state }) => state))).toEqual(new Set(["held"]));
  });

  it("skips a node that hangs, and keeps nothing for it", async () => {
    const published = new Published();
    const { world, clock } = published;
    const locks = await published.process({ quarantine: false });
    const { heard } = published.listen();
    await clock.advance(2_100);
    const before = published.messages[1]?.length ?? 0;
    world.node(1).hang();
    for (let turn = 0; turn < 30; turn++) {
      await world.run(locks.using("a", () => {}));
      await clock.advance(100);
    }
    expect((published.messages[1]?.length ?? 0) - before).toBeLessThanOrEqual(1);
    await clock.advance(100);
    expect(heard.moves.filter((move) => move.startsWith("GRANTED"))).toHaveLength(30);
    world.node(1).wake();
    await clock.advance(3_000);
    expect(published.messages[1]?.length).toBeGreaterThan(before + 1);
  });

  it("does its locks no harm, whatever happens to its messages", async () => {
    const node = memoryNode();
    const ways: LockNode["publish"][] = [
      () => Promise.reject(new Error("NOPERM")),
      () => {
        throw new Error("broken");
      },
      () => new Promise(() => {}),
      () => Promise.resolve("many" as never),
    ];
    for (const publish of ways) {
      let asked = 0;
      const counted = (channel: string, message: string) => {
        asked += 1;
        return publish?.(channel, message) ?? Promise.resolve(0);
      };
      const published = new Published();
      Object.assign(published.world.node(0), { publish: counted });
      const locks = await published.process();
      await published.world.run(locks.using("a", () => {}));
      await published.clock.advance(30_000);
      await published.world.run(locks.close(), 1_000);
      expect(asked).toBeGreaterThan(0);
      expect(asked).toBeLessThan(20);
    }
    const silent = Object.assign(node, { publish: undefined });
    await new TestNodes().locks({ nodes: [silent as object as LockNode], publish: true }).close();
  });

  it("announces the end when the locks are closed, and sets no timer afterwards", async () => {
    const published = new Published();
    const { world, clock } = published;
    const locks = await published.process();
    const { heard, subscription } = published.listen();
    await clock.advance(2_100);
    await world.run(locks.acquire("a"));
    await world.run(locks.close());
    await settle();
    expect(heard.moves.at(-1)).toBe("RELEASED releasing>idle");
    expect(heard.kinds().at(-1)).toBe("bye");
    expect(heard.locks).toEqual([]);
    await subscription.close();
    expect(clock.pending).toBe(0);
  });

  it("closes within a quarter of a second, even if nodes hang", async () => {
    const published = new Published();
    const { world, clock } = published;
    const locks = await published.process();
    for (const node of world.nodes) node.hang();
    const start = clock.monotonic();
    await world.run(locks.close({ timeout: 0 }));
    expect(clock.monotonic() - start).toBeLessThanOrEqual(300);
  });

  it("keeps every message short, however long names are and however many nodes vote", async () => {
    const published = new Published();
    const { world, clock } = published;
    const loud = "\u0001".repeat(300);
    const nodes = [
      ...world.nodes,
      ...Array.from({ length: 97 }, (_, index) => memoryNode(`${loud}${index}`, { clock })),
    ];
    const locks = await published.process({ nodes, prefix: loud });
    const { heard, subscription } = published.listen();
    await clock.advance(2_100);
    const names = Array.from({ length: 12 }, (_, index) => `${index}${loud}${"\u0001".repeat(10_000)}`);
    await world.run(locks.acquire(names));
    for (const node of nodes.slice(60)) node.crash();
    await clock.advance(6_000);
    expect(heard.locks).toMatchObject([{ state: "held" }]);
    expect(subscription.dropped).toBe(0);
    for (const message of published.messages.flat()) {
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(64 * 1024);
      expect(parseFrame(JSON.parse(message))).not.toBeNull();
    }
  });

  it("reveals no token", async () => {
    const published = new Published();
    const { world, clock } = published;
    const secrets: string[] = [];
    const random = {
      fraction: Math.random,
      secret: () => {
        const secret = Math.random().toString(36).slice(2).padEnd(22, "x");
        secrets.push(secret);
        return secret;
      },
    };
    const locks = await published.process({ random });
    published.listen();
    const spent = secrets.length;
    await clock.advance(2_100);
    for (let turn = 0; turn < 10; turn++) {
      const lease = await world.run(locks.acquire("a"));
      const denied = locks.acquire("a", { wait: 50 }).catch(() => {});
      await clock.advance(100);
      await denied;
      await world.run(lease.release());
    }
    const text = published.messages.flat().join("\n");
    expect(secrets.length).toBeGreaterThan(spent + 10);
    for (const secret of secrets.slice(spent)) expect(text).not.toContain(secret);
    expect(text).toContain("tokenHash");
  });

  it("refuses invalid settings", () => {
    const nodes = [memoryNode()];
    const bad = [
      1,
      "yes",
      null,
      [],
      { stepsPerSecond: 0 },
      { stepsPerSecond: 1.5 },
      { stepsPerSecond: 10_001 },
      { rate: 1 },
    ];
    for (const publish of bad) {
      expect(() => new TestNodes().locks({ nodes, publish: publish as never })).toThrow(InvalidOptionError);
    }
  });
});
