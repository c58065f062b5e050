import fc from "fast-check";
import { memoryNode } from "../../../src/index.js";
import { anything, given } from "../support/odd-values.js";
import type { BadCall } from "../support/refusal.js";
import type { Subjects } from "../support/subjects.js";
import { isPlain } from "./options.js";

const isString = (value: unknown) => typeof value === "string";
export const memoryCalls: readonly BadCall<Subjects>[] = [
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
