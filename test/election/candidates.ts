import type { LockNode } from "../../src/engine/node/lock-node.js";
import type { Election, ElectionOptions, Locks, Term } from "../../src/index.js";
import type { LocksOptions } from "../../src/lock/options.js";
import { TestNodes } from "../manager/test-nodes.js";
import { far } from "../support/far-node.js";

export const ttl = 1_000;

/** Candidates for one leadership, each with a manager of its own, over the same nodes and the same clock. */
export class Candidates {
  readonly testNodes = new TestNodes();
  readonly managers: Locks[] = [];
  /** What happened, in order: "a elected 1", "a deposed 1 closed". */
  readonly log: string[] = [];
  /** Every term of every candidate. */
  readonly terms: Term[] = [];

  /** Creates the locks of a process. */
  locks(owner: string, options: Partial<LocksOptions> = {}): Locks {
    const locks = this.testNodes.locks({ owner, ttl, ...options });
    this.managers.push(locks);
    return locks;
  }

  /** Opens the election in a process of its own. */
  open(owner: string, options: ElectionOptions = {}, manager: Partial<LocksOptions> = {}): Election {
    return this.follow(owner, this.locks(owner, manager).election("scheduler", options));
  }

  /** The nodes, over connections on which each message takes this many ms. */
  at(delay: number): LockNode[] {
    const { clock, nodes } = this.testNodes;
    return nodes.map((node) => far(node, clock, { delay: () => delay }));
  }

  follow(owner: string, election: Election): Election {
    election.on("elected", ({ term }) => {
      this.log.push(`${owner} elected ${term}`);
      if (election.term !== null) this.terms.push(election.term);
    });
    election.on("deposed", ({ term, reason }) => this.log.push(`${owner} deposed ${term} ${reason}`));
    return election;
  }

  /** Lets time pass, and checks at each step that at most one term is valid. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 5) {
      await this.testNodes.clock.advance(5);
      const valid = this.terms.filter((term) => term.remaining() > 0);
      if (valid.length > 1)
        throw new Error(`${valid.length} terms are valid at once: ${this.log.join(", ")}`);
    }
  }

  /** Lets time pass until the promise has settled. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const settle = () => {
      settled = true;
    };
    promise.then(settle, settle);
    for (let passed = 0; !settled && passed < 60_000; passed += 5) await this.pass(5);
    if (!settled) throw new Error("still pending");
    return promise;
  }

  /** Deletes the lease of the leader on two of three nodes. */
  deleteLease(): void {
    for (const index of [0, 1]) this.testNodes.node(index).flush();
  }
}
