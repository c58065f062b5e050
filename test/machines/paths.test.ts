import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { type AnyStateNode, StateMachine, type StateValue } from "xstate";
import { electionWalk } from "./walks/election-walk.js";
import { lockWalk } from "./walks/lock-walk.js";
import { managerWalk } from "./walks/manager-walk.js";
import { nodeWalk } from "./walks/node-walk.js";
import { sharedWalk } from "./walks/shared-walk.js";

const walks = [lockWalk, sharedWalk, nodeWalk, managerWalk, electionWalk];

/** Returns all state machines that `src/machines` exports. */
async function machines() {
  const folder = resolve("src/machines");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const sources = files.filter((file) => file.endsWith(".ts")).map((file) => resolve(folder, file));
  const modules: object[] = await Promise.all(sources.map((file) => import(/* @vite-ignore */ file)));
  return modules.flatMap((module) => Object.values(module)).filter((value) => value instanceof StateMachine);
}

/** The values of all states without substates. */
const leaves = ({ states, path }: AnyStateNode): string[] => {
  const inner = Object.values<AnyStateNode>(states);
  if (inner.length > 0) return inner.flatMap(leaves);
  const nest = (nested: StateValue, key: string): StateValue => ({ [key]: nested });
  return [JSON.stringify(path.slice(0, -1).reduceRight(nest, path.at(-1) ?? ""))];
};

it("there is a walk for every machine", async () => {
  const found = new Set(await machines());
  for (const { machine } of walks) expect(found.delete(machine), machine.id).toBe(true);
  expect([...found].map(({ id }) => id)).toEqual([]);
});

describe.each(walks.map((walk) => [walk.machine.id, walk] as const))(
  "the simple paths of the %s",
  (_, walk) => {
    it("behave as the chart specifies, and reach every state", async () => {
      const reached = new Set<string>();
      for (const path of walk.paths)
        for (const state of await walk.along(path)) reached.add(JSON.stringify(state));
      expect([...reached].sort()).toEqual(leaves(walk.machine.root).sort());
    }, 120_000);
  },
);
