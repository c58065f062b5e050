import type { Desk } from "./call-context.js";
import { type Audience, Operation } from "./operation.js";
import { readSettings } from "./settings.js";
import type { Settings } from "./types.js";

/** What the calls of each package need: who is told of failures, which settings hold, and a record of each call. */
export abstract class Calls {
  private readonly audience: Audience;

  constructor(
    protected readonly desk: Desk,
    event: "error" | "clientError",
    private readonly all: Settings,
  ) {
    const { redlock } = desk;
    this.audience = {
      hears: () => redlock.listenerCount(event) > 0,
      tell: (error) => redlock.emit(event, error),
      denials: event === "error",
    };
  }

  /** Those that hold for every call, and what a single one sets besides. */
  protected settings(own?: unknown): Settings {
    return own === undefined ? this.all : { ...this.all, ...readSettings(own) };
  }

  protected operation({ length }: readonly string[]): Operation {
    return new Operation(length, this.desk.clients, this.audience);
  }
}
