import fc from "fast-check";
import { expect, it } from "vitest";
import type { AnyMachineSnapshot } from "xstate";
import type { Locks } from "../../src/api/types.js";
import type { InspectionEvent } from "../../src/lock/lock-actor.js";
import { nodeMachine } from "../../src/machines/node.js";
import { settle, TestNodes } from "../manager/test-nodes.js";
import { isTold } from "./walks/node-walk.js";

const nodeTimeout = 100;

type Deed = (testNodes: TestNodes, locks: Locks) => unknown;

/** What happens to one of three nodes, and what makes others notice. */
const actions: Readonly<Record<string, Deed>> = {
  crash: (testNodes) => testNodes.node(0).crash(),
  restart: (testNodes) => testNodes.node(0).restart(),
  "restart with its memory": (testNodes) => testNodes.node(0).restart({ keepMemory: true }),
  hang: (testNodes) => testNodes.node(0).hang(),
  wake: (testNodes) => testNodes.node(0).wake(),
  ask: (testNodes, locks) => testNodes.run(locks.using("a", () => {})),
  wait: (testNodes) => testNodes.clock.advance(nodeTimeout),
};
const often = ["ask", "wait"];
const anyDeed = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...Object.keys(actions)) },
  { weight: 2, arbitrary: fc.constantFrom(...often) },
);

it("a manager tells of its nodes what their charts show, whatever becomes of one, and every state comes", async () => {
  const reached = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(anyDeed, { minLength: 5, maxLength: 25 }), async (isUp, path) => {
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
      const told: string[] = [];
      // Some are told by some versions only.
      for (const [name, what] of [
        ["nodeUp", "up"],
        ["nodeDown", "down"],
        ["nodeQuarantined", "quarantined"],
      ])
        locks.on(name as "nodeUp", ({ node }) => void (node === "node-0" && told.push(what ?? "")));
      for (const name of path) {
        await actions[name]?.(testNodes, locks);
        await settle();
        if (!isTold(state, told)) throw new Error(`after ${name}: is ${state}, told ${told.join(", ")}`);
      }
      await testNodes.run(locks.close());
    }),
    // The first one leads to the state that chance leads to least.
    { numRuns: 80, examples: [[true, ["ask", "hang", "ask", "wait", "wait", "wait", "wait"]]] },
  );
  expect([...reached].sort()).toEqual(Object.keys(nodeMachine.states).sort());
}, 120_000);
