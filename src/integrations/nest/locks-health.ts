import { ServiceUnavailableException } from "@nestjs/common";
import type { Locks } from "../../api/types.js";
import { healthOf, type LocksCondition } from "../health.js";

/** A result of a health check, as Terminus takes it: `{ locks: { status: "up", nodes: 3, voting: 3, quorum: 2 } }`. */
export type LocksHealthResult<Key extends string = string> = Record<Key, LocksCondition>;

/** Tells whether locks can be granted: whether a quorum of nodes answers and votes. */
export class LocksHealth {
  readonly #locks: Locks;

  constructor(locks: Locks) {
    this.#locks = locks;
  }

  /** For `HealthCheckService.check([() => locksHealth.isHealthy()])` of Terminus. Asks every node. Never rejects. */
  async isHealthy<Key extends string = "locks">(key: Key = "locks" as Key): Promise<LocksHealthResult<Key>> {
    return { [key]: await healthOf(this.#locks) } as LocksHealthResult<Key>;
  }

  /** For a controller without Terminus. @throws ServiceUnavailableException (503) with the result if the locks are down. */
  async check(): Promise<LocksHealthResult<"locks">> {
    const result = await this.isHealthy();
    if (result.locks.status === "down") throw new ServiceUnavailableException(result);
    return result;
  }
}
