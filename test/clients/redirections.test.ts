import { expect, test } from "vitest";
import { RedisNode } from "../../src/clients/redis-node.js";
import type { ScriptClient, ScriptConnection } from "../../src/clients/script-client.js";
import { acquire, granted, one, tokenOf } from "../contract/subject.js";

const newcomer = "10.0.0.9:6379";

/** A Cluster client that knows one server, whatever it is told, unless it is asked to open a connection to another one. */
function strangerTo(refusal: string) {
  const seen: string[] = [];
  const connection = (name: string, reply: () => Promise<unknown>): ScriptConnection => {
    const call = () => {
      seen.push(name);
      return reply();
    };
    return { ready: true, evalsha: call, eval: call, asking: () => seen.push("asking") };
  };
  const owner = connection("owner", () => Promise.reject(new Error(`${refusal} 42 ${newcomer}`)));
  const opened = connection("newcomer", () => Promise.resolve([1]));
  const client: ScriptClient = {
    name: "fake",
    keyspace: { prefix: "", database: 0 },
    sharded: true,
    connection: "ready",
    trouble: "",
    watch: () => () => {},
    connect: () => {},
    close: async () => {},
    route: () => owner,
    // The server that is asked who has the slots does not know yet.
    refresh: async () => {},
    at: () => null,
    open: async (address) => (address === newcomer ? opened : null),
  };
  return { node: new RedisNode(client), seen };
}

test("a slot that has moved is followed to a server that only the redirection names", async () => {
  const { node, seen } = strangerTo("MOVED");
  expect(await one(node, acquire("key", tokenOf("me")))).toEqual(granted);
  expect(seen).toEqual(["owner", "newcomer"]);
});

test("a slot that is being moved is followed to a server that only the redirection names", async () => {
  const { node, seen } = strangerTo("ASK");
  expect(await one(node, acquire("key", tokenOf("me")))).toEqual(granted);
  expect(seen).toEqual(["owner", "asking", "newcomer"]);
});
