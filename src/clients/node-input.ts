import type { LockNode } from "../engine/node/lock-node.js";

/** An entry of `nodes`; each is one vote. */
export type NodeInput =
  /** `redis://` or `rediss://`: the manager opens and closes the connection. */
  | string
  /** A client of ioredis or node-redis, or an object with `set(key, value, { NX, PX })` and `eval(script, keys, args)`. */
  | object
  /** `memoryNode()`, or a custom node. */
  | LockNode;
