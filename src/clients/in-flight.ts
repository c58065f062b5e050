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

/** A call that can be ended from outside. */
export interface SentCall {
  readonly reply: Promise<unknown>;
  /** Rejects `reply`, unless it is settled. */
  reject(error: unknown): void;
}

/**
 * The unanswered calls of one connection. Clients keep such calls across a reconnection, some without limit. Here the
 * calls end with the connection, so that a reply to a command that the client sent again never counts as an answer.
 */
export class InFlight {
  readonly #calls = new LinkedList<Call>();
  #size = 0;
  #listening = false;
  #keepsListening = false;
  readonly #onEvent: (cause?: unknown) => void;

  /**
   * After any of these events the connection may be gone. Listeners are attached while calls are pending, and between calls
   * only after `keepListening(true)`.
   */
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

  /** Whether listeners stay attached between calls: attaching and removing them for each call takes long. */
  keepListening(keep: boolean): void {
    this.#keepsListening = keep;
    this.#unlistenIfIdle();
  }

  /** Sends now. `onLost` is called if the connection was lost before the answer arrived. */
  add(send: () => Promise<unknown>, onLost?: () => void): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call = this.#begin(reject, onLost);
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

  /** The same for a call that can be ended from outside, without promises of its own. */
  addCall(send: () => SentCall): Promise<unknown> {
    let sent: SentCall | null = null;
    let lost: unknown = null;
    const call = this.#begin((error) => {
      lost = error;
      sent?.reject(error);
    });
    const remove = () => this.#remove(call);
    try {
      sent = send();
    } catch (error) {
      remove();
      throw error;
    }
    if (lost !== null) sent.reject(lost);
    sent.reply.then(remove, remove);
    return sent.reply;
  }

  #begin(fail: (error: unknown) => void, onLost?: () => void): Call {
    const call = new Call(fail, onLost);
    // Listens before sending: a client may lose the connection while it writes.
    if (!this.#listening) this.#listen();
    this.#calls.add(call);
    this.#size += 1;
    return call;
  }

  #refuse(call: Call, error: unknown): void {
    this.#remove(call);
    call.fail(error);
  }

  #remove(call: Call): void {
    if (call.list === null) return;
    this.#calls.remove(call);
    this.#size -= 1;
    this.#unlistenIfIdle();
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
    this.#unlistenIfIdle();
    for (const call of calls) {
      call.fail(new LostError(message));
      call.onLost?.();
    }
  }

  #listen(): void {
    this.#listening = true;
    for (const event of this.events) this.client.on(event, this.#onEvent);
  }

  #unlistenIfIdle(): void {
    if (!this.#listening || this.#keepsListening || !this.#calls.empty) return;
    this.#listening = false;
    for (const event of this.events) this.client.off(event, this.#onEvent);
  }
}
