import { memoryNode } from "../../src/clients/memory/memory-node.js";
import { MemoryStore } from "../../src/clients/memory/memory-store.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";
import { describeNodeContract } from "./node-contract.js";
import { describeQueueContract } from "./queue-contract.js";
import { describeSetsContract } from "./sets-contract.js";

describeNodeContract("a memory node", () => ({ node: memoryNode(), end: () => {} }));
describeSetsContract("a memory node", () => ({ node: memoryNode(), end: () => {} }));

const clock = new VirtualClock();
const published: [channel: string, message: string][] = [];
const store = new MemoryStore((channel, message) => published.push([channel, message]));
describeQueueContract(
  "a memory node",
  () => {
    const node = memoryNode();
    node.execute = ({ requests }) => {
      for (const { command, answered } of requests) answered(store.apply(command, clock.monotonic()));
    };
    return { node, end: () => {} };
  },
  () => ({
    elapse: (_key, ms) => clock.advance(ms),
    beside: async () => Array.from({ length: store.queueCount }, () => "queue"),
    messages: async (process) =>
      published.filter(([channel]) => channel === `holdfast:wake:${process}`).map(([, message]) => message),
    close: () => {},
  }),
);
