import { createLocks } from "../../src/index.js";
import type { LocksOptions } from "../../src/lock/options.js";
import { settle, VirtualClock } from "../../src/testing/virtual-clock.js";
import { ScriptedNode } from "../engine/scripted-node.js";
import { listen } from "../manager/test-nodes.js";
import { groupingOption } from "../support/grouping.js";

/** Creates a manager over nodes whose requests the test answers itself. */
export function scripted(size: number, options: Partial<LocksOptions> = {}, opaque = false) {
  const clock = new VirtualClock();
  const nodes = Array.from(
    { length: size },
    (_, index) => new ScriptedNode(`node-${index}`, undefined, opaque),
  );
  const locks = createLocks({
    ...groupingOption(),
    nodes,
    clock,
    owner: "me",
    ttl: 1_000,
    retry: { count: 0 },
    ...options,
  });
  return { clock, nodes, locks, events: listen(locks) };
}

/** Answers the last request with this operation on each node. A null reply leaves the request unanswered. */
export async function answer(
  nodes: readonly ScriptedNode[],
  op: Parameters<ScriptedNode["of"]>[0],
  replies: readonly (Parameters<ReturnType<ScriptedNode["of"]>[number]["answer"]>[0] | null)[],
): Promise<void> {
  await settle();
  for (const [index, reply] of replies.entries()) {
    const arrival = nodes[index]?.of(op).at(-1);
    if (reply !== null && arrival === undefined) throw new Error(`node ${index} was not asked to ${op}`);
    if (reply !== null) arrival?.answer(reply);
  }
  await settle();
}

/** Resolves with the reason of a rejection. Fails if the promise is fulfilled. */
export const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => {
      throw new Error("it was expected to be rejected");
    },
    (error: unknown) => error,
  );

export { settle };
