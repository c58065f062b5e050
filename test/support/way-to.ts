import type { LockNode } from "../../src/engine/node/lock-node.js";

/** The node as somebody sees it who reaches it by a way of his own: what is not `different` is the node's own. */
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
