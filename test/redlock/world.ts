import type { Options } from "../../src/redlock/types.js";
import { Redlock } from "../../src/redlock.js";
import { TestNodes } from "../manager/test-nodes.js";

/** Memory nodes in one virtual time. Each Redlock program on them counts as a process of its own. */
export class RedlockWorld extends TestNodes {
  redlock(options: Options = {}): Redlock {
    return new Redlock(this.nodes, { clock: this.clock, owner: "me", retryJitter: 0, ...options });
  }

  /** The error that a call throws or rejects with. */
  async caught(promise: Promise<unknown>): Promise<Error> {
    try {
      await this.run(promise);
    } catch (error) {
      return error as Error;
    }
    throw new Error("nothing was thrown");
  }
}
