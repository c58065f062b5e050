import fc from "fast-check";
import { expect, it } from "vitest";
import type { AnyMachineSnapshot } from "xstate";
import type { Locks } from "../../src/api/types.js";
import type { InspectionEvent } from "../../src/lock/lock-actor.js";
import { nodeMachine } from "../../src/machines/node.js";
import { settle, TestNodes } from "../manager/test-nodes.js";
import { isReported } from "./walks/node-walk.js";

const nodeTimeout = 100;

type Action = (testNodes: TestNodes, locks: Locks) => unknown;

/** Events of one of three nodes, and the actions that make a manager notice them. */
const actions: Readonly<Record<string, Action>> = {
  crash: (testNodes) => testNodes.node(0).crash(),
  restart: (testNodes) => testNodes.node(0).restart(),
  "restart with its memory": (testNodes) => testNodes.node(0).restart({ keepMemory: true }),
  hang: (testNodes) => testNodes.node(0).hang(),
  wake: (testNodes) => testNodes.node(0).wake(),
  ask: (testNodes, locks) => testNodes.run(locks.using("a", () => {})),
  wait: (testNodes) => testNodes.clock.advance(nodeTimeout),
};
const often = ["ask", "wait"];
const anyAction = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...Object.keys(actions)) },
  { weight: 2, arbitrary: fc.constantFrom(...often) },
);

it("a manager reports the state that a node's chart shows, whatever happens to the node, and reaches every state", async () => {
  const reached = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(anyAction, { minLength: 5, maxLength: 25 }),
      async (isUp, path) => {
        const testNodes = new TestNodes(3);
        if (!isUp) testNodes.node(0).crash();
        let state = "";
        const inspect = (event: InspectionEvent) => {
          const { snapshot } = event as { snapshot?: AnyMachineSnapshot };
          if (snapshot?.context?.node !== "node-0") return;
          state = String(snapshot.value);
          reached.add(state);
        };
        const locks = testNodes.locks({ nodeTimeout, ttl: 1_000, xstate: { inspect } });
        const reported: string[] = [];
        // The names are cast, because some versions lack some of these events.
        for (const [name, what] of [
          ["nodeUp", "up"],
          ["nodeDown", "down"],
          ["nodeQuarantined", "quarantined"],
        ])
          locks.on(name as "nodeUp", ({ node }) => void (node === "node-0" && reported.push(what ?? "")));
        for (const name of path) {
          await actions[name]?.(testNodes, locks);
          await settle();
          if (!isReported(state, reported))
            throw new Error(`after ${name}: is ${state}, reported ${reported.join(", ")}`);
        }
        await testNodes.run(locks.close());
      },
    ),
    // The example reaches the state that random paths reach least often.
    { numRuns: 80, examples: [[true, ["ask", "hang", "ask", "wait", "wait", "wait", "wait"]]] },
  );
  expect([...reached].sort()).toEqual(Object.keys(nodeMachine.states).sort());
}, 120_000);
