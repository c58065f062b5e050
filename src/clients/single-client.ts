import type { Replacement } from "../engine/node/lock-node.js";
import type { ConnectionSource } from "./connection-watch.js";
import type { OpenSubscriber } from "./pubsub/subscriber.js";
import type { ReplacementCause } from "./replacement.js";
import type { ScriptConnection } from "./script-client.js";
import { UserClient } from "./user-client.js";

/** A connection that its client can replace. */
interface ReplaceableConnection extends ScriptConnection {
  replace(cause: ReplacementCause): Replacement;
}

/** A client that the user created, with one connection to one server. */
export abstract class SingleClient extends UserClient {
  readonly sharded = false;

  /** `open` is null if the client cannot open another connection. */
  constructor(
    source: ConnectionSource,
    open: OpenSubscriber | null,
    private readonly commands: ReplaceableConnection,
  ) {
    super(source, open);
  }

  protected override watched(isWatched: boolean): void {
    this.commands.keepListening?.(isWatched);
  }

  replaceConnection(cause: ReplacementCause): Replacement {
    const replacement = this.replaceBy(cause, () => this.commands.replace(cause));
    if (replacement === "replacing") this.reopenSubscriptions();
    return replacement;
  }

  route(): ScriptConnection {
    return this.commands;
  }
}
