import type { Clock } from "../engine/time/clock.js";
import { currentContext } from "../support/platform.js";
import { isolate, SafeEmitter } from "../support/safe-emitter.js";
import { type ElectionEvents, electionEvents } from "./events.js";

type Details<Name extends keyof ElectionEvents> = Omit<
  Parameters<ElectionEvents[Name]>[0],
  "type" | "election" | "time"
>;

/**
 * Calls the user code of one election. Every call is held back until the chart has completed its step, because user code must
 * find the state that an event implies. The calls are made in order, in the asynchronous context of `locks.election`.
 */
export class ElectionNotifier {
  readonly events: SafeEmitter<ElectionEvents>;
  readonly #context = currentContext();
  readonly #deferred: (() => void)[] = [];
  #delivering = false;

  constructor(
    private readonly election: string,
    private readonly clock: Clock,
    private readonly onError: (error: unknown, event: string) => void,
  ) {
    this.events = new SafeEmitter<ElectionEvents>(electionEvents, onError);
  }

  emit<Name extends keyof ElectionEvents>(name: Name, details: Details<Name>): void {
    this.defer(() => this.events.emit(name, this.#eventOf(name, details)));
  }

  /** Calls `onDeposed`. */
  callDeposed(
    onDeposed: (event: Parameters<ElectionEvents["deposed"]>[0]) => unknown,
    details: Details<"deposed">,
  ): void {
    this.defer(() => isolate(() => onDeposed(this.#eventOf("deposed", details)), "onDeposed", this.onError));
  }

  /** Reports what `onElected` threw, or rejected with. */
  reportFailed(error: unknown): void {
    const fail = () => {
      throw error;
    };
    isolate(fail, "onElected", this.onError);
  }

  /** Calls back after the step. The callback must not throw. */
  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  /** Makes the calls that are held back, and those that are added meanwhile. */
  deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    for (let next = this.#deferred.shift(); next !== undefined; next = this.#deferred.shift())
      this.#context.runInAsyncScope(next);
    this.#delivering = false;
  }

  /** The details and the common part make up the event, which TypeScript cannot infer for a generic name. */
  #eventOf<Event>(type: keyof ElectionEvents, details: object): Event {
    return { type, election: this.election, time: this.clock.wall(), ...details } as Event;
  }
}
