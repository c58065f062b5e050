import type { LockNode } from "../engine/node/lock-node.js";

/** What `nodes` accepts; each is one vote. */
export type NodeInput =
  /** `redis://` or `rediss://`: the connection is then opened and closed by the manager. */
  | string
  /** A client of ioredis or node-redis, or an object with `set(key, value, { NX, PX })` and `eval(script, keys, args)`. */
  | object
  /** `memoryNode()`, or a node of your own. */
  | LockNode;
