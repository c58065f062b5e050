import type { MemoryNode } from "../../src/clients/memory/memory-node.js";
import { ask } from "../engine/batches.js";

const wanted = () => true;
const probeToken = "probe~0123456789012345678901";
/** An early ticket: it precedes every real waiter. */
const early = 1;

/** Puts a dead waiter at the front of the queues, which never acquires the lock. */
export async function addDeadWaiter(nodes: readonly MemoryNode[], key: string): Promise<void> {
  for (const node of nodes) {
    const queue = { place: { id: "dead:1", ticket: early }, barge: false };
    await ask(node, {
      command: { op: "acquire", keys: [key], token: probeToken, ttl: 60_000, queue },
      wanted,
    });
  }
}

/** Returns for each node whether the node reserves a free key for a waiter. */
export async function reservedOn(nodes: readonly MemoryNode[], key: string): Promise<boolean[]> {
  const reserved: boolean[] = [];
  for (const node of nodes) {
    const queue = { place: null, barge: false };
    const command = { op: "acquire", keys: [key], token: probeToken, ttl: 60_000, queue } as const;
    const reply = await ask(node, { command, wanted });
    if (reply.kind === "granted") {
      await ask(node, { command: { op: "release", keys: [key], token: probeToken }, wanted });
    }
    reserved.push(reply.kind === "denied" && reply.holder === null);
  }
  return reserved;
}
