import { memoryNode } from "../../../src/clients/memory/memory-node.js";
import type { LockNode } from "../../../src/engine/node/lock-node.js";
import type { Clock } from "../../../src/engine/time/clock.js";

/** A memory node that counts its calls. */
export interface RecordedNode extends LockNode {
  readonly asked: number;
}

export function recordedNode(name: string, clock: Clock): RecordedNode {
  const memory = memoryNode(name, { clock });
  let asked = 0;
  const counted =
    <Args extends unknown[], Result>(method: (...args: Args) => Result) =>
    (...args: Args): Result => {
      asked++;
      return method.apply(memory, args);
    };
  return {
    name,
    keyspace: memory.keyspace,
    sharded: false,
    get asked() {
      return asked;
    },
    get connection() {
      return memory.connection;
    },
    get trouble() {
      return memory.trouble;
    },
    watch: (listener) => memory.watch(listener),
    close: () => memory.close(),
    connect: counted(memory.connect),
    identify: counted(memory.identify),
    execute: counted(memory.execute),
    subscribe: counted(memory.subscribe),
  };
}
