import { switchedBuild } from "../../sim/switched-build.mjs";

/** The code in which locks and nodes check whether they are observed. */
const changes = [
  [
    "src/machines/compiled/table-actor.ts",
    `    const { observer } = this;
    if (observer === null || !observer.observes) return this.step(event);`,
    "    return this.step(event);",
  ],
  [
    "src/engine/node/request-queue.ts",
    "if (measures() && requests[0] !== undefined) requests[0].sentAt = clock.monotonic();",
    "",
  ],
  ["src/engine/node/request-queue.ts", "const { sentAt } = command;", ""],
  ["src/engine/node/request-queue.ts", "if (sentAt !== null) measured(clock.monotonic() - sentAt);", ""],
  ["src/engine/node/pending-command.ts", "sentAt: number | null = null;", ""],
  [
    "src/manager/node-health.ts",
    "if (observers.any && from !== to) observers.nodeStepped(node, event, from, to);",
    "",
  ],
  ["src/lock/lock.ts", "if (this.observes) this.manager.observers.lockFailed(this, event, error);", ""],
];

/** Builds the sources without the hooks of the inspector. `entry`: URL of the module to import instead of "holdfast". */
export async function buildWithoutInspector() {
  const { entry, remove } = await switchedBuild({ off: "the inspector's hooks", changes });
  return { entry: new URL("../../index.js", entry).href, remove };
}
