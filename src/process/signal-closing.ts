import { systemClock } from "../engine/time/system-clock.js";
import { afterNextPoll, exitProcess, ignoreUncaught, inspect, processSignals } from "../support/platform.js";
import { warn } from "../support/warn.js";
import { isCausedByClosing } from "./caused-by-closing.js";

/** Closes a manager. Settles within the timeout of `close`, and a little more for the connections. */
type Close = () => Promise<void>;

/** ms within which several signals count as one: npm passes on a Ctrl-C that the terminal has sent to the program too. */
const sameSignal = 50;
/** ms after which the process ends although a manager has not closed. `close` itself is bounded by 5 s. */
const maxClose = 6_000;
/** ms after which a process that its signal has not ended exits: in a container, a signal's default does not end process 1. */
const maxSurvival = 100;

/**
 * Closes managers on a signal of the process. Once all of them have closed, the signal gets its default effect, unless the
 * program has a listener of its own. A signal that the program then sends itself gets its default effect too.
 */
class SignalClosing {
  /** By signal. Each signal in this map is listened to. */
  private readonly closes = new Map<string, Set<Close>>();
  /** When the first signal came, in ms of the monotonic clock. Null unless managers are closing because of a signal. */
  private begun: number | null = null;
  /** The signal that gets its default effect once all managers have closed. Null as long as the program decides. */
  private ending: string | null = null;
  private readonly listener = (signal: string) => void this.onSignal(signal);

  /** Calls `close` on each of the signals. Returns a function that ends this. */
  add(signals: readonly string[], close: Close): () => void {
    for (const signal of signals) {
      const closes = this.closes.get(signal);
      if (closes === undefined) {
        this.closes.set(signal, new Set([close]));
        processSignals.listen(signal, this.listener);
      } else closes.add(close);
    }
    return () => {
      for (const signal of signals) {
        this.closes.get(signal)?.delete(close);
        if (this.begun === null) this.unlistenUnused(signal);
      }
    };
  }

  private async onSignal(signal: string): Promise<void> {
    const programDecides = processSignals.listenerCount(signal) > 1 + processSignals.exitHookCount();
    const now = systemClock.monotonic();
    if (this.begun !== null) {
      if (programDecides) return;
      if (now - this.begun >= sameSignal) this.end(signal);
      else this.endOnceClosed(signal);
      return;
    }
    this.begun = now;
    if (!programDecides) this.endOnceClosed(signal);
    await this.closeAll(signal);
    // The program's listener may have waited for the same managers, and then have sent the signal again. Node.js drops a
    // signal whose last listener is removed before the event loop has polled.
    if (this.ending === null) await new Promise<void>(afterNextPoll);
    this.begun = null;
    if (this.ending !== null) this.end(this.ending);
    else for (const used of this.closes.keys()) this.unlistenUnused(used);
  }

  private endOnceClosed(signal: string): void {
    if (this.ending !== null) return;
    this.ending = signal;
    // An uncaught error would end the process by another status, and before the releases are confirmed.
    ignoreUncaught(isCausedByClosing);
  }

  private async closeAll(signal: string): Promise<void> {
    const closes = [...(this.closes.get(signal) ?? [])];
    const all = closes.map((close) =>
      close().catch((error: unknown) =>
        warn("CLOSE_FAILED", `closing on ${signal} failed: ${inspect(error)}`),
      ),
    );
    await new Promise<void>((resolve) => {
      // The timer also keeps the process alive until all managers have closed.
      const timer = systemClock.after(maxClose, resolve);
      void Promise.all(all).then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  /** Gives the signal its default effect. */
  private end(signal: string): void {
    for (const used of this.closes.keys()) processSignals.unlisten(used, this.listener);
    processSignals.raise(signal);
    systemClock.after(maxSurvival, () => exitProcess(128 + (processSignals.numberOf(signal) ?? 0)));
  }

  private unlistenUnused(signal: string): void {
    if (this.closes.get(signal)?.size !== 0) return;
    this.closes.delete(signal);
    processSignals.unlisten(signal, this.listener);
  }
}

/** Shared by all copies of the package, which would otherwise take each other for listeners of the program. */
const key: unique symbol = Symbol.for("holdfast.signal-closing") as never;

/** Calls `close` when the process gets one of the signals. Returns a function that ends this. */
export function closeOnSignals(signals: readonly string[], close: Close): () => void {
  const shared = globalThis as { [key]?: Pick<SignalClosing, "add"> };
  shared[key] ??= new SignalClosing();
  return shared[key].add(signals, close);
}
