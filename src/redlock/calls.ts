import type { CallContext } from "./call-context.js";
import { type ErrorListener, Operation } from "./operation.js";
import { readSettings } from "./settings.js";
import type { Settings } from "./types.js";

/** What the calls of each package need: who is told of failures, which settings hold, and a record of each call. */
export abstract class Calls {
  private readonly errorListener: ErrorListener;

  constructor(
    protected readonly context: CallContext,
    event: "error" | "clientError",
    private readonly all: Settings,
  ) {
    const { redlock } = context;
    this.errorListener = {
      enabled: () => redlock.listenerCount(event) > 0,
      error: (error) => redlock.emit(event, error),
      denials: event === "error",
    };
  }

  /** Those that hold for every call, and what a single one sets besides. */
  protected settings(own?: unknown): Settings {
    return own === undefined ? this.all : { ...this.all, ...readSettings(own) };
  }

  protected operation({ length }: readonly string[]): Operation {
    return new Operation(length, this.context.clients, this.errorListener);
  }
}
