import type { MemoryNode } from "../../src/clients/memory/memory-node.js";
import type { VirtualClock } from "../../src/testing/virtual-clock.js";

/** Runs 20 s in which a minority of the nodes repeatedly crashes and restarts with its memory, then 90 s without faults. */
export async function unluckyMinority(
  nodes: readonly MemoryNode[],
  clock: VirtualClock,
  chance: () => number,
): Promise<void> {
  const unlucky = nodes.slice(0, Math.floor((nodes.length - 1) / 2));
  for (let at = 0; at < 20_000; at += 500) {
    for (const node of unlucky) {
      const fate = chance();
      const later = chance() * 400;
      if (fate < 0.2) clock.after(later, () => node.hang());
      else if (fate < 0.4) clock.after(later, () => node.wake());
      else if (fate < 0.6) clock.after(later, () => node.restart({ keepMemory: true }));
    }
    await clock.advance(500);
  }
  for (const node of unlucky) node.wake();
  await clock.advance(90_000);
}
