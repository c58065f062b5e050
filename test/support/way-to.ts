import type { LockNode } from "../../src/engine/node/lock-node.js";

/** Returns a node that forwards to another node, except for the properties in `different`. */
export const wayTo = (node: LockNode, different: Partial<LockNode>): LockNode => ({
  name: node.name,
  keyspace: node.keyspace,
  sharded: node.sharded,
  get connection() {
    return node.connection;
  },
  get trouble() {
    return node.trouble;
  },
  watch: (listener) => node.watch(listener),
  connect: () => node.connect(),
  identify: (...asked) => node.identify(...asked),
  execute: (batch) => node.execute(batch),
  subscribe: (channel, listener) => node.subscribe(channel, listener),
  close: () => node.close(),
  ...different,
});
