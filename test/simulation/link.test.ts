import { describe, expect, it } from "vitest";
import type { Reply } from "../../src/engine/node/lock-node.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import { Host } from "../../src/testing/simulator/host.js";
import { Link } from "../../src/testing/simulator/link.js";
import type { ClientBehaviour } from "../../src/testing/simulator/network-path.js";
import { SeededRandom } from "../../src/testing/simulator/seeded-random.js";
import { Server } from "../../src/testing/simulator/server.js";
import { Timeline } from "../../src/testing/simulator/timeline.js";

const clockError = { rate: 1, wallRate: 1, ahead: 0 };
const token = `me~${"x".repeat(22)}`;
const acquire: LockCommand = { op: "acquire", keys: ["a"], token, ttl: 60_000 };
const release: LockCommand = { op: "release", keys: ["a"], token };

/** Creates a process, its connection to one node, and that node. */
async function connected(client: Partial<ClientBehaviour> = {}, lateDelivery = 0) {
  const timeline = new Timeline();
  const host = new Host("h", timeline, new SeededRandom(1), clockError);
  const server = new Server("n", timeline, clockError, false);
  server.knowsScript = true;
  const path = { usual: 1, slow: 0, slowest: 1, resends: false, lateDelivery, wakeupLoss: 0 };
  const link = new Link(
    host,
    server,
    new SeededRandom(2),
    path,
    { plain: false, timeout: null, ...client },
    { sent() {}, note() {} },
  );
  await timeline.run(50);
  const replies: Reply[] = [];
  const ask = (command: LockCommand, wanted = true) =>
    link.execute({
      mark: null,
      requests: [{ command, wanted: () => wanted, answered: (reply) => void replies.push(reply) }],
    });
  const pass = (ms: number) => timeline.run(timeline.now + ms);
  return { server, link, replies, ask, pass };
}

const lost = { kind: "failed", reason: "connection" };

describe("a simulated connection", () => {
  it("that is half-open reports nothing, and fails its unanswered requests when it is replaced", async () => {
    const { link, replies, ask, pass } = await connected();
    const states: string[] = [];
    link.watch((connection) => states.push(connection));
    link.makeHalfOpen();
    ask(acquire);
    await pass(60_000);
    expect([link.connection, replies, states]).toEqual(["ready", [], []]);
    expect(link.replaceConnection?.()).toBe("replacing");
    expect(link.replaceConnection?.()).toBe("tooSoon");
    await pass(1_000);
    expect(replies).toMatchObject([lost]);
    expect(states).toEqual(["down", "ready"]);
    ask(acquire);
    await pass(50);
    expect(replies).toMatchObject([lost, { kind: "granted" }]);
  });

  it("may deliver its requests after it was replaced", async () => {
    const { server, link, ask, pass } = await connected({}, 1);
    link.makeHalfOpen();
    ask(acquire);
    link.replaceConnection?.();
    await pass(5_000);
    const found: Reply[] = [];
    server.execute(null, [{ op: "inspect", keys: ["a"] }], (replies) => found.push(...replies));
    await pass(1);
    expect(found).toMatchObject([{ keys: [{ holder: { owner: "me" } }] }]);
  });

  it("of a plain client always counts as ready, cannot be replaced, and loses calls silently", async () => {
    const { link, replies, ask, pass } = await connected({ plain: true });
    expect(link.replaceConnection).toBeUndefined();
    expect(link.subscribe("channel", { subscribed() {}, unsubscribed() {}, message() {} })).toBeNull();
    ask(acquire);
    link.reset("gone");
    expect(link.connection).toBe("ready");
    await pass(9_000);
    expect(replies).toEqual([]);
    ask(acquire);
    await pass(50);
    expect(replies).toMatchObject([{ kind: "granted" }]);
    // The node fails the call after its own timeout, as with a real plain client.
    await pass(20_000);
    expect(replies).toMatchObject([{ kind: "granted" }, lost]);
  });

  it("takes a second round trip if the node lacks the script, but not for abandoned requests", async () => {
    const { server, replies, ask, pass } = await connected();
    server.knowsScript = false;
    ask(acquire, false);
    ask(release, false);
    await pass(50);
    expect(replies).toMatchObject([{ kind: "failed", reason: "notAsked" }, { kind: "denied" }]);
    expect(server.knowsScript).toBe(true);
  });

  it("fails requests if the client's queue is full, or if the client gives up on a call", async () => {
    const { server, link, replies, ask, pass } = await connected({ timeout: 20 });
    link.fill();
    ask(release);
    link.drain();
    server.hang();
    ask(release);
    await pass(50);
    server.resume();
    await pass(50);
    expect(replies.slice(0, 2)).toMatchObject([{ reason: "overloaded" }, { reason: "timeout" }]);
  });
});

describe("a simulated node", () => {
  it("without free memory refuses commands that need more, and accepts releases", async () => {
    const { server, replies, ask, pass } = await connected();
    ask(acquire);
    await pass(50);
    server.refuse("OOM");
    ask({ ...acquire, keys: ["b"] });
    ask(release);
    await pass(50);
    server.accept("OOM");
    ask({ ...acquire, keys: ["b"] });
    await pass(50);
    expect(replies.map(({ kind }) => kind)).toEqual(["granted", "failed", "granted", "granted"]);
  });

  it("that became a replica refuses all writes", async () => {
    const { server, link, replies, ask, pass } = await connected();
    server.refuse("READONLY");
    ask(release);
    const identified = link.identify("id", null);
    await pass(50);
    expect(replies).toMatchObject([{ kind: "failed", message: expect.stringMatching(/^READONLY /) }]);
    expect(await identified).toMatchObject({ memory: { state: "kept" } });
  });
});
