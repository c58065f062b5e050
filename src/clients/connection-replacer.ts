import type { Replacement } from "../engine/node/lock-node.js";
import type { Clock } from "../engine/time/clock.js";
import { backoffOf, type ReplacementBackoff, type ReplacementCause, wrongServer } from "./replacement.js";
import type { ScriptClient } from "./script-client.js";
import type { Sharding } from "./sharding.js";
import { WrongServerDetector } from "./wrong-server.js";

/** Replaces the connection of a client that is silent or leads to a server that takes no locks. */
export class ConnectionReplacer {
  readonly #client: ScriptClient;
  readonly #backoff: ReplacementBackoff;
  readonly #wrongServer: WrongServerDetector;

  constructor(
    client: ScriptClient,
    clock: Clock,
    private readonly sharding: Sharding,
  ) {
    this.#client = client;
    this.#backoff = backoffOf(client, clock);
    this.#wrongServer = new WrongServerDetector(clock);
  }

  replace(cause: ReplacementCause): Replacement {
    if (this.#client.replaceConnection === undefined) return "impossible";
    if (!this.#backoff.permits(this.#client.connection === "ready")) return "tooSoon";
    try {
      const replacement = this.#client.replaceConnection(cause);
      if (replacement === "replacing") this.#backoff.replaced();
      return replacement;
    } catch {
      return "impossible";
    }
  }

  /** The server answered. */
  answered(): void {
    this.#backoff.answered();
  }

  /** Notes a server's refusal; `message` is null if the server executed the command or denied it. */
  noteRefusal(message: string | null): void {
    if (message === null) {
      // Most replies have nothing to reset.
      if (this.#wrongServer.unavailableSince !== null) this.#wrongServer.answered();
      if (this.#backoff.replacements > 0) this.#backoff.answered();
    } else if (this.#wrongServer.isWrong(message, this.sharding.soleMaster)) {
      this.replace(wrongServer(message));
    }
  }
}
