import type { Request } from "../engine/node/lock-node.js";
import { messageOf } from "../engine/protocol/error-message.js";
import { failed, LastingError } from "../engine/protocol/refusal.js";
import type { Clock, Timer } from "../engine/time/clock.js";
import { afterJobs, type Thread, type ThreadListener } from "../support/platform.js";
import { warnBounded } from "../support/warn.js";
import { flushAtExit } from "./exit-flush.js";
import type { FromWorker, ToWorker } from "./messages.js";

/** Starts the worker. `handled`: a word in which the worker counts the postings that it has handled. */
export type StartWorker = (handled: SharedArrayBuffer, listener: ThreadListener) => Promise<Thread>;

/** Receives what the worker tells by itself. */
export interface LinkListener {
  /** A worker was started, the first or another one: it must be told everything that the former one knew. */
  started(): void;
  /** The worker has ended by itself. Another one is started after a pause. */
  ended(cause: string): void;
  told(message: Extract<FromWorker, { type: "node" | "replaced" | "renewed" | "lost" }>): void;
}

/** The pause in ms before a worker is started again doubles from the first to the longest. */
const firstPause = 100;
const longestPause = 5_000;
/** A worker that ran for this many ms is started again after the first pause. */
const steady = 30_000;
/** ms for which an exiting process waits until the worker has written everything. */
const exitTimeout = 200;
/** ms for which the worker may take to close a connection; it may be blocked by code of a module. */
const closeTimeout = 1_000;

interface Call {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

interface Subscription {
  readonly node: number;
  readonly channel: string;
  readonly listener: { subscribed(): void; unsubscribed(): void; message(message: string): void };
}

/** The main thread's end of the worker: starts it, passes requests and their replies, and starts it again if it ends. */
export class WorkerLink {
  /** Null while there is none: what is sent then is not needed, because a new worker is told everything. */
  private thread: Thread | null = null;
  private opening = false;
  private outgoing: ToWorker[] = [];
  private scheduled = false;
  private posted = 0;
  /** The number of the next posting, also of those to former workers. */
  posting = 0;
  private handled = new Int32Array(new SharedArrayBuffer(4));
  /** Requests without a reply, by their numbers. */
  private readonly requests = new Map<number, Request>();
  private lastRequest = 0;
  private readonly calls = new Map<number, Call>();
  private lastCall = 0;
  private readonly subscriptions = new Map<number, Subscription>();
  private lastSubscription = 0;
  private isHeld = false;
  private inUse = false;
  private pause = firstPause;
  private startedAt = 0;
  private timer: Timer | null = null;
  private exiting = false;
  private endFlush: (() => void) | null = null;
  closed = false;

  constructor(
    private readonly clock: Clock,
    private readonly start: StartWorker,
    private readonly listener: LinkListener,
  ) {}

  /** Starts the worker if there is none. */
  open(): void {
    if (this.thread !== null || this.opening || this.timer !== null || this.closed) return;
    this.opening = true;
    const handled = new SharedArrayBuffer(4);
    this.startedAt = this.clock.monotonic();
    let current = true;
    const ended = (error: unknown) => {
      this.opening = false;
      if (current && !this.closed) this.onEnded(error);
      current = false;
    };
    const message = (messages: unknown) => current && this.received(messages as readonly FromWorker[]);
    this.start(handled, { message, ended }).then((thread) => {
      this.opening = false;
      if (current && !this.closed) this.onStarted(thread, handled);
      else thread.terminate();
    }, ended);
  }

  private onStarted(thread: Thread, handled: SharedArrayBuffer): void {
    this.thread = thread;
    this.handled = new Int32Array(handled);
    this.posted = 0;
    this.isHeld = false;
    this.endFlush ??= flushAtExit(this);
    this.listener.started();
    for (const [subscription, { node, channel }] of this.subscriptions)
      this.send({ type: "subscribe", subscription, node, channel });
    this.hold();
  }

  /** While it is in use, the worker keeps the process alive. */
  use(inUse: boolean): void {
    this.inUse = inUse;
    this.hold();
  }

  /** Sends the message at once, after those that were put off. */
  send(message: ToWorker): void {
    this.sendLater(message);
    this.flush();
  }

  /** Sends the message with the next one, or at the end of this tick. */
  sendLater(message: ToWorker): void {
    if (this.thread === null) return;
    this.outgoing.push(message);
    if (this.exiting) return this.flush();
    if (this.scheduled) return;
    this.scheduled = true;
    afterJobs(this.flush);
  }

  readonly flush = (): void => {
    this.scheduled = false;
    const { thread, outgoing } = this;
    if (thread === null || outgoing.length === 0) return;
    this.outgoing = [];
    this.posted++;
    this.posting++;
    thread.post(outgoing);
    if (this.exiting) this.awaitHandled();
  };

  /** Sends a batch. Its requests are answered by the worker, or as lost if the worker ends. */
  execute(node: number, mark: string | null, requests: readonly Request[]): void {
    const first = this.lastRequest + 1;
    for (const request of requests) this.requests.set(++this.lastRequest, request);
    this.send({ type: "batch", node, mark, first, commands: requests.map(({ command }) => command) });
    this.hold();
  }

  call(
    node: number,
    method: Extract<ToWorker, { type: "call" }>["method"],
    args: readonly unknown[],
  ): Promise<unknown> {
    if (this.thread === null) return Promise.reject(new Error("the renewal worker has ended"));
    const call = ++this.lastCall;
    return new Promise((resolve, reject) => {
      this.calls.set(call, { resolve, reject });
      this.send({ type: "call", call, node, method, args });
      this.hold();
    });
  }

  /** Closes the connection of a node. A worker that has ended has none. */
  closeNode(node: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.clock.after(closeTimeout, resolve);
      const closed = () => {
        timer.cancel();
        resolve();
      };
      this.call(node, "close", []).then(closed, closed);
    });
  }

  subscribe(node: number, channel: string, listener: Subscription["listener"]): () => void {
    const subscription = ++this.lastSubscription;
    this.subscriptions.set(subscription, { node, channel, listener });
    this.send({ type: "subscribe", subscription, node, channel });
    return () => {
      if (this.subscriptions.delete(subscription)) this.send({ type: "unsubscribe", subscription });
    };
  }

  /** Ends the worker. Does not wait for anything. */
  close(): void {
    this.closed = true;
    this.timer?.cancel();
    this.endFlush?.();
    this.thread?.terminate();
    this.drop("the locks were closed");
  }

  /** The process is exiting: the worker writes what it was sent before the process is gone. */
  exit(): void {
    this.exiting = true;
    this.flush();
    this.awaitHandled();
  }

  private awaitHandled(): void {
    const { clock, handled, posted } = this;
    const end = clock.monotonic() + exitTimeout;
    for (let left = exitTimeout; left > 0; left = end - clock.monotonic()) {
      const count = Atomics.load(handled, 0);
      if (count >= posted || this.thread === null) return;
      Atomics.wait(handled, 0, count, left);
    }
  }

  /** The thread counts as in use while a request or a call is unanswered, or a lock is in use. */
  private hold(): void {
    const held = this.inUse || this.requests.size > 0 || this.calls.size > 0;
    if (held === this.isHeld || this.thread === null) return;
    this.isHeld = held;
    this.thread.hold(held);
  }

  private received(messages: readonly FromWorker[]): void {
    for (const message of messages) this.receive(message);
    this.hold();
  }

  private receive(message: FromWorker): void {
    switch (message.type) {
      case "replies":
        for (const [number, reply] of message.replies) {
          const request = this.requests.get(number);
          this.requests.delete(number);
          request?.answered(reply);
        }
        return;
      case "result":
        this.calls.get(message.call)?.resolve(message.value);
        this.calls.delete(message.call);
        return;
      case "failure": {
        const { lasting, message: text } = message.error;
        const error = lasting === null ? new Error(text) : new LastingError(text, lasting);
        this.calls.get(message.call)?.reject(error);
        this.calls.delete(message.call);
        return;
      }
      case "subscribed":
      case "unsubscribed":
        return this.subscriptions.get(message.subscription)?.listener[message.type]();
      case "message":
        return this.subscriptions.get(message.subscription)?.listener.message(message.message);
      default:
        return this.listener.told(message);
    }
  }

  private onEnded(error: unknown): void {
    const cause = error === null ? "it exited" : messageOf(error);
    const { clock } = this;
    if (clock.monotonic() - this.startedAt >= steady) this.pause = firstPause;
    const { pause } = this;
    this.pause = Math.min(2 * pause, longestPause);
    const detail = error instanceof Error ? error.stack : undefined;
    warnBounded(
      "RENEWAL_WORKER_ENDED",
      `the renewal worker has ended: ${cause}; another one is started, and leases that it cannot renew in time are lost`,
      detail,
    );
    this.drop(`the renewal worker has ended: ${cause}`);
    // The leases in use set timers of their own, which keep the process alive.
    this.timer = clock.after(
      pause,
      () => {
        this.timer = null;
        this.open();
      },
      true,
    );
  }

  /** Answers everything that only the former worker could answer. */
  private drop(cause: string): void {
    this.thread = null;
    this.outgoing = [];
    this.posting++;
    const requests = [...this.requests.values()];
    const calls = [...this.calls.values()];
    this.requests.clear();
    this.calls.clear();
    const answer = failed("connection", cause);
    for (const request of requests) request.answered(answer);
    for (const call of calls) call.reject(new Error(cause));
    for (const { listener } of this.subscriptions.values()) listener.unsubscribed();
    if (!this.closed) this.listener.ended(cause);
  }
}
