import { expect, test } from "vitest";
import { RedisNode } from "../../src/clients/redis-node.js";
import type { ScriptClient, ScriptConnection } from "../../src/clients/script-client.js";
import { acquire, granted, one, tokenOf } from "../contract/subject.js";

const newServer = "10.0.0.9:6379";

/** A Cluster client that knows only one server until it is asked to open a connection to another. */
function nodeRedirectedBy(refusal: string) {
  const seen: string[] = [];
  const connection = (name: string, reply: () => Promise<unknown>): ScriptConnection => {
    const call = () => {
      seen.push(name);
      return reply();
    };
    return { ready: true, evalsha: call, eval: call, asking: () => seen.push("asking") };
  };
  const owner = connection("owner", () => Promise.reject(new Error(`${refusal} 42 ${newServer}`)));
  const opened = connection("new server", () => Promise.resolve([1]));
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
    // The server that is asked for the slots does not know the move yet.
    refresh: async () => {},
    at: () => null,
    open: async (address) => (address === newServer ? opened : null),
  };
  return { node: new RedisNode(client), seen };
}

test("a MOVED redirection is followed to a server that the client does not know", async () => {
  const { node, seen } = nodeRedirectedBy("MOVED");
  expect(await one(node, acquire("key", tokenOf("me")))).toEqual(granted);
  expect(seen).toEqual(["owner", "new server"]);
});

test("an ASK redirection is followed to a server that the client does not know", async () => {
  const { node, seen } = nodeRedirectedBy("ASK");
  expect(await one(node, acquire("key", tokenOf("me")))).toEqual(granted);
  expect(seen).toEqual(["owner", "asking", "new server"]);
});
