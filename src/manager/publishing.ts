import type { LockNode } from "../engine/node.js";
import { InvalidOptionError } from "../errors.js";
import type { Publisher } from "../inspector/publishing/publisher.js";
import { warn } from "../warn.js";
import { checkKnown } from "./check.js";
import type { Manager } from "./manager.js";
import type { LocksOptions } from "./options.js";

export interface PublishSettings {
  readonly stepsPerSecond: number;
}

const defaultStepsPerSecond = 200;
const mostStepsPerSecond = 10_000;

/** Null where nothing is to be published. @throws InvalidOptionError */
export function publishSettingsOf({ publish = false }: LocksOptions): PublishSettings | null {
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
    import("../inspector/publishing/publisher.js")
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
