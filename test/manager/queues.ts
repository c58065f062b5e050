import type { MemoryNode } from "../../src/clients/memory/memory-node.js";
import { ask } from "../engine/batches.js";

const wanted = () => true;
const probe = "probe~0123456789012345678901";
/** Of the beginning: before all who really wait. */
const early = 1;

/** Puts somebody into the queues who will never come: before all others, as if it had been waiting there. */
export async function standIn(nodes: readonly MemoryNode[], key: string): Promise<void> {
  for (const node of nodes) {
    const queue = { place: { id: "dead:1", ticket: early }, barge: false };
    await ask(node, { command: { op: "acquire", keys: [key], token: probe, ttl: 60_000, queue }, wanted });
  }
}

/** On which nodes a free key is kept for somebody. */
export async function keptOn(nodes: readonly MemoryNode[], key: string): Promise<boolean[]> {
  const kept: boolean[] = [];
  for (const node of nodes) {
    const queue = { place: null, barge: false };
    const command = { op: "acquire", keys: [key], token: probe, ttl: 60_000, queue } as const;
    const reply = await ask(node, { command, wanted });
    if (reply.kind === "granted") {
      await ask(node, { command: { op: "release", keys: [key], token: probe }, wanted });
    }
    kept.push(reply.kind === "denied" && reply.holder === null);
  }
  return kept;
}
