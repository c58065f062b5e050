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
const maxStepsPerSecond = 10_000;

/**
 * Returns null if nothing is to be published.
 * @throws InvalidOptionError
 */
export function publishSettingsOf({ publish = false }: LocksOptions): PublishSettings | null {
  if (publish === false) return null;
  if (publish === true) return { stepsPerSecond: defaultStepsPerSecond };
  if (typeof publish !== "object" || publish === null) {
    throw new InvalidOptionError("publish", publish, "true, false, or an object with stepsPerSecond");
  }
  checkKnown("publish", publish);
  const { stepsPerSecond = defaultStepsPerSecond } = publish;
  if (Number.isSafeInteger(stepsPerSecond) && stepsPerSecond >= 1 && stepsPerSecond <= maxStepsPerSecond)
    return { stepsPerSecond };
  const allowed = `an integer from 1 to ${maxStepsPerSecond}`;
  throw new InvalidOptionError("publish.stepsPerSecond", stepsPerSecond, allowed);
}

/**
 * Publishes the steps of a manager's locks. The code for it is loaded only by programs that publish, and publishing
 * begins when the code has loaded.
 */
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

  /** Announces the end. Takes at most a quarter of a second. Never rejects. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#publisher?.end();
  }
}
