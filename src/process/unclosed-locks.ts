import type { Clock, Timer } from "../engine/time/clock.js";
import { systemClock } from "../engine/time/system-clock.js";
import { isOwnSocket } from "../support/own-sockets.js";
import { type EventLoopUse, eventLoopUse } from "../support/platform.js";
import { warn } from "../support/warn.js";

/** ms between two checks. */
const period = 5_000;

/** A manager that has opened connections and is not closed. */
interface OpenManager {
  /** The locks that are acquiring or have a lease. */
  readonly inUse: readonly unknown[];
}

/**
 * Warns once when nothing but the connections of unused managers keeps the process alive: a program that has finished, and
 * has forgotten `close()`. A server has a handle that listens, a client has a socket of its own, and a timer is a timer, so
 * that none of these is warned of.
 */
export class UnclosedLocks {
  /** The open managers, and the places in the program that created them. */
  private readonly managers = new Map<OpenManager, string>();
  private timer: Timer | null = null;
  /** Whether the last check found that nothing else keeps the process alive. */
  private idle = false;
  private warned = false;

  constructor(
    private readonly clock: Clock = systemClock,
    private readonly use: () => EventLoopUse | null = eventLoopUse,
  ) {}

  /** Returns a function that removes the manager. */
  add(manager: OpenManager, place: string): () => void {
    this.managers.set(manager, place);
    if (!this.warned) this.timer ??= this.arm();
    return () => {
      this.managers.delete(manager);
      if (this.managers.size === 0) this.stop();
    };
  }

  private arm(): Timer {
    return this.clock.after(period, () => this.check(), true);
  }

  private stop(): void {
    this.timer?.cancel();
    this.timer = null;
    this.idle = false;
  }

  private check(): void {
    // Two checks in a row must agree, because a program may be between two steps at one of them.
    const wasIdle = this.idle;
    this.idle = this.isIdle();
    if (!wasIdle || !this.idle) {
      this.timer = this.arm();
      return;
    }
    this.stop();
    this.warned = true;
    const places = [...new Set(this.managers.values())].map((place) => `at ${place}`).join(", ");
    warn(
      "LOCKS_NOT_CLOSED",
      `nothing but the connections of locks that are not in use keeps this process alive. They were created ${places}`,
      "Call locks.close() when the program has finished with its locks, or create them with `await using`.",
    );
  }

  private isIdle(): boolean {
    for (const { inUse } of this.managers.keys()) if (inUse.length > 0) return false;
    const use = this.use();
    return use !== null && use.others === 0 && use.handles.length > 0 && use.handles.every(isOwnSocket);
  }
}

/** The unclosed locks of this process. */
export const unclosedLocks = new UnclosedLocks();

/** The place of a call in the program, as in a stack trace. `callee`: the function that was called. */
export function placeOfCall(callee: (...args: never) => unknown): string {
  const trace: { stack?: string } = {};
  Error.captureStackTrace(trace, callee);
  const frame = trace.stack?.split("\n")[1]?.trim() ?? "";
  return /\((.*)\)$/.exec(frame)?.[1] ?? (frame.replace(/^at (async )?/, "") || "an unknown place");
}
