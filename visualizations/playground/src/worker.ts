import { managerOf } from "../../../src/api/managed-locks.js";
import type { Locks } from "../../../src/api/types.js";
import { createLocks } from "../../../src/create-locks.js";
import type { LockNode } from "../../../src/engine/node/lock-node.js";
import type { Manager } from "../../../src/manager/manager.js";
import type { Note } from "./note.js";

/** ms; short, so that a loss can be waited for. */
const ttl = 3_000;
const nodeTimeout = 300;
/** ms between two jobs. */
const pause = 400;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Acquires one lock again and again, as a process with locks of its own would. */
export class Worker {
  readonly manager: Manager;
  private readonly locks: Locks;
  /** Whether a renewal has failed since the last that succeeded. */
  private atRisk = false;

  constructor(
    readonly name: string,
    private readonly resource: string,
    /** ms for which a job holds the lock. Infinity: until the lock is lost. */
    private readonly holdFor: number,
    nodes: readonly LockNode[],
    note: (kind: Note["kind"], text: string) => void,
  ) {
    this.locks = createLocks({ nodes: [...nodes] as never, owner: name, ttl, nodeTimeout, wait: 5_000 });
    this.manager = managerOf(this.locks);
    this.locks.on("acquired", () => note("acquired", `${name} holds ${resource}`));
    this.locks.on("quorumLost", ({ remaining }) => {
      if (!this.atRisk)
        note("quorumLost", `${name} cannot renew ${resource}: ${(remaining / 1_000).toFixed(1)} s left`);
      this.atRisk = true;
    });
    for (const event of ["acquired", "renewed"] as const)
      this.locks.on(event, () => {
        this.atRisk = false;
      });
    this.locks.on("expired", ({ reason }) => note("expired", `${name} lost ${resource} (${reason})`));
    this.locks.on("failed", () => note("failed", `${name} did not get ${resource}`));
  }

  /** Never ends. */
  async run(): Promise<void> {
    for (;;) {
      await this.locks.using(this.resource, {}, ({ signal }) => this.hold(signal)).catch(() => {});
      await sleep(pause);
    }
  }

  private hold(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve());
      if (this.holdFor !== Number.POSITIVE_INFINITY) setTimeout(resolve, this.holdFor);
    });
  }
}
