import { memoryNode } from "../../../src/clients/memory.js";
import type { Clock } from "../../../src/engine/clock.js";
import type { LockNode } from "../../../src/engine/node.js";

/** A memory node that counts whatever it is asked. */
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
    introduce: counted(memory.introduce),
    execute: counted(memory.execute),
    subscribe: counted(memory.subscribe),
  };
}
