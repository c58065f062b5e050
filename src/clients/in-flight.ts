import { messageOf } from "../engine/protocol/error-message.js";
import { systemClock } from "../engine/time/system-clock.js";
import { LinkedList, ListNode } from "../support/linked-list.js";
import type { Emitter } from "./connection-watch.js";
import { LostError } from "./failure.js";

/** A call that is not answered yet. */
class Call extends ListNode {
  readonly since = systemClock.monotonic();

  constructor(
    readonly fail: (error: unknown) => void,
    readonly onLost: (() => void) | undefined,
  ) {
    super();
  }
}

/**
 * The unanswered calls of one connection. Clients keep such calls across a reconnection, some without limit. Here the
 * calls end with the connection, so that a reply to a command that the client sent again never counts as an answer.
 */
export class InFlight {
  readonly #calls = new LinkedList<Call>();
  #size = 0;
  readonly #onEvent: (cause?: unknown) => void;

  /** After any of these events the connection may be gone. Listeners are attached only while calls are pending. */
  constructor(
    private readonly client: Emitter,
    private readonly events: readonly string[],
    isGone: () => boolean,
  ) {
    this.#onEvent = (cause) => {
      if (isGone()) this.#lose(cause);
    };
  }

  get size(): number {
    return this.#size;
  }

  /** ms for which the oldest call has been unanswered; 0 if there is none. */
  get age(): number {
    return this.#calls.first === null ? 0 : systemClock.monotonic() - this.#calls.first.since;
  }

  /** Sends now. `onLost` is called if the connection was lost before the answer arrived. */
  add(send: () => Promise<unknown>, onLost?: () => void): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call = new Call(reject, onLost);
      // Listens before sending: a client may lose the connection while it writes.
      if (this.#calls.empty) this.#listen();
      this.#calls.add(call);
      this.#size += 1;
      try {
        Promise.resolve(send()).then(
          (value) => {
            this.#remove(call);
            resolve(value);
          },
          (error) => this.#refuse(call, error),
        );
      } catch (error) {
        this.#refuse(call, error);
      }
    });
  }

  #refuse(call: Call, error: unknown): void {
    this.#remove(call);
    call.fail(error);
  }

  #remove(call: Call): void {
    if (call.list === null) return;
    this.#calls.remove(call);
    this.#size -= 1;
    if (this.#calls.empty) this.#unlisten();
  }

  #lose(cause: unknown): void {
    this.abandon(`connection lost ${cause === undefined ? "before the answer" : `(${messageOf(cause)})`}`);
  }

  /** Rejects every call as lost, because the connection is about to be ended. */
  abandon(message: string): void {
    const calls = this.#calls.toArray();
    if (calls.length === 0) return;
    for (const call of calls) this.#calls.remove(call);
    this.#size = 0;
    this.#unlisten();
    for (const call of calls) {
      call.fail(new LostError(message));
      call.onLost?.();
    }
  }

  #listen(): void {
    for (const event of this.events) this.client.on(event, this.#onEvent);
  }

  #unlisten(): void {
    for (const event of this.events) this.client.off(event, this.#onEvent);
  }
}
