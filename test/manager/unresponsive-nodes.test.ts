import { describe, expect, it } from "vitest";
import { batchScript } from "../../src/engine/protocol/script.js";
import { caught, scripted } from "../safety/scripted-locks.js";
import { listen, settle, TestNodes } from "./test-nodes.js";

const nodeHealth = async (testNodes: TestNodes, locks: ReturnType<TestNodes["locks"]>) =>
  (await testNodes.run(locks.inspect("a"))).nodes.map(({ health }) => health);

describe("a node that was unresponsive", () => {
  it("votes again when it hung in a new set before it was identified", async () => {
    const testNodes = new TestNodes();
    for (const node of testNodes.nodes) node.flush();
    testNodes.node(2).hang();
    const locks = testNodes.locks();
    for (let spent = 0; spent < 8; spent++) {
      await testNodes.run(locks.acquire("a", { wait: 1_000 }).catch(() => {}));
    }
    testNodes.node(2).wake();
    const lease = await testNodes.run(locks.acquire("a", { wait: 20_000 }), 10_000);
    await testNodes.run(lease.release());
    expect(await nodeHealth(testNodes, locks)).toEqual(["ready", "ready", "ready"]);
    // Without this node there is no quorum.
    testNodes.node(0).crash();
    expect(await testNodes.run(locks.using("a", () => "done"))).toBe("done");
  });

  it("is shown as unresponsive while it is not asked, and as ready when it has answered a probe", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks({ nodeTimeout: 100 });
    const events = listen(locks);
    await testNodes.run(locks.using("a", () => {}));
    testNodes.node(0).hang();
    await testNodes.run(locks.using("a", () => {}));
    await testNodes.clock.advance(1_000);
    const inspection = await testNodes.run(locks.inspect("a"));
    expect(inspection.nodes[0]).toMatchObject({ health: "unresponsive", state: "failed" });
    expect(inspection.nodes[0]?.error).toContain("not asked: it has been silent");
    testNodes.node(0).wake();
    await testNodes.clock.advance(1);
    expect((await nodeHealth(testNodes, locks))[0]).toBe("ready");
    expect(events.map(({ name }) => name).filter((name) => name.startsWith("node"))).toEqual([
      "nodeDown",
      "nodeUp",
    ]);
  });

  it("is asked again after its client, which reports no connection state, lost all calls for a time", async () => {
    const testNodes = new TestNodes(1);
    const { clock } = testNodes;
    let loses = false;
    const plain = {
      set: async () => "OK",
      eval: (script: string, _keys: string[], args: string[]) => {
        if (loses) return new Promise(() => {});
        if (script !== batchScript) return Promise.resolve(["1f", "x.1f 0 -", Date.now(), "0", "0"]);
        // The script grants each command.
        const commands = args.filter((arg) => /^(acquire|release)[A-Za-z]*\d*$/.test(arg)).length;
        return Promise.resolve(Array.from({ length: commands }, () => 1));
      },
    };
    const locks = testNodes.locks({ nodes: [plain], nodeTimeout: 100, ttl: 1_000, renew: false });
    const held = await testNodes.run(locks.acquire("a"));
    await testNodes.run(held.release());
    loses = true;
    for (let round = 0; round < 5; round++) {
      const refused = locks.acquire("a", { wait: 0, retry: { count: 0 } }).catch((error: unknown) => error);
      await clock.advance(200);
      expect(await refused).toMatchObject({ code: "QUORUM_UNAVAILABLE" });
    }
    loses = false;
    await clock.advance(5_000);
    const lease = await testNodes.run(locks.tryAcquire("a"));
    if (lease !== null) await testNodes.run(lease.release());
    // Calls that are lost for good do not make the node unresponsive again.
    const events = listen(locks);
    await clock.advance(60_000);
    expect(events).toEqual([]);
    await testNodes.run(locks.close());
  });

  it("is not sent the queue exits of callers that give up while it is unresponsive", async () => {
    const { locks, nodes, clock } = scripted(3, { nodeTimeout: 100, retry: { count: 1, delay: 10 } });
    await locks.ready();
    const [, , hung] = nodes;
    if (hung === undefined) throw new Error("there are three");
    hung.mute = true;
    const asked = async () => {
      const acquisition = caught(locks.acquire("a", { wait: 50 }));
      for (let turn = 0; turn < 4; turn++) {
        await settle();
        for (const node of nodes.slice(0, 2))
          for (const arrival of node.arrivals.splice(0)) {
            arrival.answer(
              arrival.command.op === "release"
                ? { kind: "granted" }
                : {
                    kind: "denied",
                    holder: { key: "a", owner: null, tokenHash: "00", ttlLeft: 60_000, type: "string" },
                  },
            );
          }
        await clock.advance(15);
      }
      await acquisition;
    };
    for (let caller = 0; caller < 10; caller++) await asked();
    const before = hung.arrivals.length;
    for (let caller = 0; caller < 50; caller++) await asked();
    expect(hung.arrivals.length).toBe(before);
  });
});
