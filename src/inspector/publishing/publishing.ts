import type { LockNode } from "../../engine/node/lock-node.js";
import type { Manager } from "../../manager/manager.js";
import { warn } from "../../support/warn.js";
import type { PublishSettings } from "./publish-settings.js";
import type { Publisher } from "./publisher.js";

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
