import type { LockNode } from "../../engine/node/lock-node.js";
import { InvalidOptionError } from "../../errors.js";
import { checkKnown } from "../../lock/option-checks.js";
import type { LocksOptions } from "../../lock/options.js";
import type { Manager } from "../../manager/manager.js";
import { warn } from "../../support/warn.js";
import type { Publisher } from "./publisher.js";

export interface PublishSettings {
  readonly stepsPerSecond: number;
}

const defaultStepsPerSecond = 200;
const mostStepsPerSecond = 10_000;

/** Null where nothing is to be published. @throws InvalidOptionError */
export function publishSettingsOf(options: LocksOptions): PublishSettings | null {
  // Options that are no object are refused by the manager.
  const { publish = false } = (options as LocksOptions | null) ?? {};
  if (publish === false) return null;
  if (publish === true) return { stepsPerSecond: defaultStepsPerSecond };
  if (typeof publish !== "object" || publish === null) {
    throw new InvalidOptionError("publish", publish, "true, false, or an object with stepsPerSecond");
  }
  checkKnown("publish", publish);
  const { stepsPerSecond = defaultStepsPerSecond } = publish;
  if (Number.isSafeInteger(stepsPerSecond) && stepsPerSecond >= 1 && stepsPerSecond <= mostStepsPerSecond)
    return { stepsPerSecond };
  const allowed = `an integer from 1 to ${mostStepsPerSecond}`;
  throw new InvalidOptionError("publish.stepsPerSecond", stepsPerSecond, allowed);
}

/** Publishes the life of a manager's locks, from when the code for it is there: who does not publish does not load it. */
export class Publishing {
  #publisher: Publisher | null = null;
  #ended = false;

  constructor(manager: Manager, nodes: readonly LockNode[], settings: PublishSettings) {
    import("./publisher.js")
      .then(({ Publisher }) => {
        if (!this.#ended) this.#publisher = new Publisher(manager, nodes, settings);
      })
      .catch((error: unknown) => warn("PUBLISH_FAILED", `locks are not published: ${String(error)}`));
  }

  /** Says goodbye; takes a quarter of a second at most. Never rejects. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#publisher?.end();
  }
}
