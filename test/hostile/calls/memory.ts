import fc from "fast-check";
import { memoryNode, redisNode } from "../../../src/index.js";
import { anything, given } from "../support/odd-values.js";
import type { BadCall } from "../support/refusal.js";
import type { Subjects } from "../support/subjects.js";
import { isPlain } from "./options.js";

const adapter = {
  name: "own",
  keyspace: null,
  connection: "ready",
  watch: () => () => {},
  route: () => null,
};
const isString = (value: unknown) => typeof value === "string";
export const memoryCalls: readonly BadCall<Subjects>[] = [
  {
    covers: "redisNode",
    inputs: fc.tuple(
      fc.oneof(
        anything,
        fc.record({ name: anything, keyspace: anything, connection: anything }),
        given(isString).map((name) => ({ ...adapter, name })),
        given((value) => value === null).map((keyspace) => ({ ...adapter, keyspace })),
        given(isString).map((connection) => ({ ...adapter, connection })),
        given((value) => typeof value === "function").map((route) => ({ ...adapter, route })),
      ),
    ),
    call: (_, [client]) => redisNode(client as never),
  },
  {
    covers: "memoryNode",
    inputs: fc.oneof(
      fc.tuple(given(isString), fc.constant({})),
      fc.tuple(fc.constant("node"), given(isPlain)),
      fc.tuple(
        fc.constant("node"),
        given(() => false).map((clock) => ({ clock })),
      ),
    ),
    call: (_, [name, options]) => memoryNode(name as never, options as never),
  },
  {
    covers: "memoryNode.restart",
    inputs: fc.oneof(
      fc.tuple(given(isPlain)),
      fc.tuple(given((value) => typeof value === "boolean").map((keepMemory) => ({ keepMemory }))),
      fc.tuple(anything.map((value) => ({ keepmemory: value }))),
    ),
    call: (_, [options]) => memoryNode().restart(options as never),
  },
];
