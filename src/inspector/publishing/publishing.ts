import type { LockNode } from "../../engine/node/lock-node.js";
import type { Manager } from "../../manager/manager.js";
import { warn } from "../../support/warn.js";
import type { PublishSettings } from "./publish-settings.js";
import type { Publisher } from "./publisher.js";

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
