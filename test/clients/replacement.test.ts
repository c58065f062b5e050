import { describe, expect, test } from "vitest";
import type { ReplacementCause } from "../../src/clients/replacement.js";
import type { Connection, Replacement } from "../../src/engine/node/lock-node.js";
import { settle, VirtualClock } from "../../src/testing/virtual-clock.js";
import { acquire, granted, one, tokenOf } from "../contract/subject.js";
import { nodeOver } from "./fake-connection.js";

const take = () => acquire("key", tokenOf("me"));

/** A node with a fake client: `outcome` is the result of replacing its connection, `reply` answers its calls. */
function start(
  reply: () => unknown = () => [1],
  outcome: () => Replacement = () => "replacing",
  connection: Connection = "ready",
) {
  const clock = new VirtualClock();
  const causes: ReplacementCause[] = [];
  const node = nodeOver(() => Promise.resolve().then(reply), {
    clock,
    connection,
    replace: (cause) => {
      const replacement = outcome();
      if (replacement === "replacing") causes.push(cause);
      return replacement;
    },
  });
  return { clock, causes, node };
}

/** The times, in ms, at which the connection is replaced when a replacement is requested in every step. */
async function replacements(ms: number, connection: Connection = "ready", step = 500): Promise<number[]> {
  const { clock, node } = start(undefined, undefined, connection);
  const times: number[] = [];
  for (let at = 0; at <= ms; at += step) {
    if (node.replaceConnection() === "replacing") times.push(at);
    await clock.advance(step);
  }
  return times;
}

describe("the connection of a node", () => {
  test("is replaced once a second at first, and less often while no reply arrives", async () => {
    expect(await replacements(100_000)).toEqual([0, 1_000, 3_000, 7_000, 15_000, 31_000, 61_000, 91_000]);
  });

  test.each(["connecting", "down"] as const)(
    "is replaced every four seconds at least while it is not ready: %s",
    async (connection) => {
      expect(await replacements(20_000, connection)).toEqual([
        0, 1_000, 3_000, 7_000, 11_000, 15_000, 19_000,
      ]);
    },
  );

  test("is replaced after a second again once a reply has arrived", async () => {
    const { clock, node } = start();
    for (const wait of [1_000, 2_000, 4_000]) {
      expect(node.replaceConnection()).toBe("replacing");
      expect(node.replaceConnection()).toBe("tooSoon");
      await clock.advance(wait);
    }
    expect(await one(node, take())).toEqual(granted);
    expect(node.replaceConnection()).toBe("replacing");
    await clock.advance(999);
    expect(node.replaceConnection()).toBe("tooSoon");
    await clock.advance(1);
    expect(node.replaceConnection()).toBe("replacing");
  });

  test("can be replaced at any time after it was busy", async () => {
    const { node } = start(undefined, () => "busy");
    expect([node.replaceConnection(), node.replaceConnection()]).toEqual(["busy", "busy"]);
  });

  test("is kept if its client cannot replace it, or throws", () => {
    expect(nodeOver(() => [1]).replaceConnection()).toBe("impossible");
    const throwing = start(undefined, () => {
      throw new Error("a client of another version");
    });
    expect(throwing.node.replaceConnection()).toBe("impossible");
  });
});

describe("a server that takes no locks", () => {
  const refusing = (message: string) => start(() => [[-1, message]]);
  const rejecting = (message: string) => start(() => Promise.reject(new Error(message)));

  test.each([
    "READONLY You can't write against a read only replica.",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "@user_script: 12: -READONLY You can't write against a read only slave.",
  ])("is disconnected at once: %s", async (message) => {
    for (const { node, causes } of [refusing(message), rejecting(message)]) {
      expect(await one(node, take())).toMatchObject({ kind: "failed" });
      expect(causes).toMatchObject([{ kind: "wrongServer" }]);
      await one(node, take());
      expect(causes).toHaveLength(1);
    }
  });

  test.each([
    "LOADING Redis is loading the dataset in memory",
    "NOREPLICAS Not enough good replicas to write.",
    "CLUSTERDOWN The cluster is down",
  ])("is disconnected if the error lasts: %s", async (message) => {
    for (const { node, causes, clock } of [refusing(message), rejecting(message)]) {
      await one(node, take());
      await clock.advance(1_999);
      await one(node, take());
      expect(causes).toEqual([]);
      await clock.advance(1);
      await one(node, take());
      expect(causes).toMatchObject([{ kind: "wrongServer" }]);
    }
  });

  test("is kept if it recovers", async () => {
    let reply: unknown = [[-1, "LOADING Redis is loading the dataset in memory"]];
    const { node, causes, clock } = start(() => reply);
    await one(node, take());
    reply = [1];
    await clock.advance(1_500);
    expect(await one(node, take())).toEqual(granted);
    reply = [[-1, "LOADING Redis is loading the dataset in memory"]];
    await clock.advance(1_500);
    await one(node, take());
    expect(causes).toEqual([]);
  });

  test("is disconnected less and less often while no other server appears", async () => {
    const { node, causes, clock } = refusing("READONLY You can't write against a read only replica.");
    for (let second = 0; second <= 31; second++) {
      await one(node, take());
      await clock.advance(1_000);
    }
    expect(causes).toHaveLength(6);
  });

  test("is recognised when it is identified", async () => {
    const { node, causes } = rejecting("MASTERDOWN Link with MASTER is down");
    await expect(node.identify("me", null)).rejects.toThrow(/MASTERDOWN/);
    expect(causes).toMatchObject([{ kind: "wrongServer" }]);
  });

  test("is not recognised by errors about one key or the disk", async () => {
    for (const message of ["WRONGTYPE no", "MISCONF disk", "OOM memory", "BUSY script", "ERR READ ONLY"]) {
      const { node, causes, clock } = refusing(message);
      for (let second = 0; second < 5; second++) {
        await one(node, take());
        await clock.advance(1_000);
      }
      expect(causes).toEqual([]);
    }
  });
});

describe("the script", () => {
  test("is sent whole once per connection", async () => {
    let session = {};
    const sent: string[] = [];
    const node = nodeOver(
      (command) => {
        sent.push(command);
        return Promise.resolve([1]);
      },
      { session: () => session },
    );
    for (let call = 0; call < 3; call++) await one(node, take());
    session = {};
    for (let call = 0; call < 2; call++) void one(node, take());
    await settle();
    expect(sent).toEqual(["EVAL", "EVALSHA", "EVALSHA", "EVAL", "EVALSHA"]);
  });

  test("is sent whole again if it may not have arrived", async () => {
    const sent: string[] = [];
    const node = nodeOver((command) => {
      sent.push(command);
      return sent.length === 1 ? Promise.reject(new Error("The queue is full")) : Promise.resolve([1]);
    });
    for (let call = 0; call < 3; call++) await one(node, take());
    expect(sent).toEqual(["EVAL", "EVAL", "EVALSHA"]);
  });

  test("is called by its SHA-1 if EVAL is forbidden and another client has loaded the script", async () => {
    const sent: string[] = [];
    const node = nodeOver((command) => {
      sent.push(command);
      return command === "EVAL"
        ? Promise.reject(new Error("NOPERM User worker has no permissions to run the 'eval' command"))
        : Promise.resolve([1]);
    });
    expect(await one(node, take())).toEqual(granted);
    expect(await one(node, take())).toEqual(granted);
    expect(sent).toEqual(["EVAL", "EVALSHA", "EVALSHA"]);
  });
});
