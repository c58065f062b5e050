import type { CallContext } from "./call-context.js";
import { type ErrorListener, Operation } from "./operation.js";
import { readSettings } from "./settings.js";
import type { Settings } from "./types.js";

/** Base of the calls of each package: where errors are reported, which settings apply, and one record per call. */
export abstract class Calls {
  private readonly errorListener: ErrorListener;

  constructor(
    protected readonly context: CallContext,
    event: "error" | "clientError",
    private readonly all: Settings,
    readsFirst = false,
  ) {
    const { redlock } = context;
    this.errorListener = {
      enabled: () => redlock.listenerCount(event) > 0,
      error: (error) => redlock.emit(event, error),
      denials: event === "error",
      readsFirst,
    };
  }

  /** The settings of all calls, overridden by the settings of one call. */
  protected settings(own?: unknown): Settings {
    return own === undefined ? this.all : { ...this.all, ...readSettings(own) };
  }

  protected operation({ length }: readonly string[]): Operation {
    return new Operation(length, this.context.clients, this.errorListener);
  }
}
