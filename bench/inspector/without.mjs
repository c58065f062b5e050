import { switchedBuild } from "../../sim/switched-build.mjs";

/** Where a lock, a node and its seat ask whether anybody looks on. */
const changes = [
  [
    "src/machines/compiled/table-actor.ts",
    `    const { onlooker } = this;
    if (onlooker === null || !onlooker.looks) return this.step(event);
    const from = this.path;
    this.step(event);
    const to = this.path;
    // An event that a state does not know leaves it where it is.
    if (from !== to) onlooker.stepped(event, from, to);`,
    "    this.step(event);",
  ],
  [
    "src/engine/node/quorum-member.ts",
    "if (this.options.measures() && requests[0] !== undefined) requests[0].leftAt = this.clock.monotonic();",
    "",
  ],
  [
    "src/engine/node/quorum-member.ts",
    "arrived(reply: Reply, { leftAt }: Errand): void {",
    "arrived(reply: Reply): void {",
  ],
  [
    "src/engine/node/quorum-member.ts",
    "if (leftAt !== null) this.options.measured(this.clock.monotonic() - leftAt);",
    "",
  ],
  ["src/engine/node/pending-command.ts", "leftAt: number | null = null;", ""],
  [
    "src/manager/node-health.ts",
    "if (probes.any && from !== to) probes.nodeStepped(node, event, from, to);",
    "",
  ],
  ["src/lock/lock.ts", "if (this.looks) this.ground.probes.lockFailed(this, event, error);", ""],
];

/** A build without anything for the inspector to look through. `entry`: what stands for "holdfast". */
export async function buildWithout() {
  const { entry, remove } = await switchedBuild({ changes });
  return { entry: new URL("../../index.js", entry).href, remove };
}
