import type { AsyncContext } from "../../support/async-context.js";
import type { LockCommand } from "../protocol/command.js";
import type { Instant } from "../time/clock.js";
import type { Reply } from "./lock-node.js";
import { PendingCommand, type RequestQueue } from "./request-queue.js";

/** A release that a node is to execute. */
export interface Release {
  readonly command: LockCommand;
  /** The monotonic time until which the node is to keep the keys; null if it is to delete them at once. */
  readonly keptUntil: number | null;
  /** The asynchronous context of the caller; null if nobody calls any more. */
  readonly caller: AsyncContext | null;
  /** ms after which the key expires by itself, counted from the last request that set it. */
  readonly ttl: number;
  /** Whether the token may be claimed again. */
  readonly reclaimable: boolean;
  /** Whether the node has never answered a request that the release undoes. */
  readonly unanswered: boolean;
  /** The connection on which the first of those requests was sent; null if unknown. */
  readonly askedOn: number | null;
  readonly answered: ((reply: Reply) => void) | null;
}

/** A release that a node has not accepted, or may have accepted too early. */
export interface PendingRelease {
  readonly release: Release;
  readonly since: Instant;
  /** The release is no longer worth delivering this many ms after `since`. */
  readonly lifetime: number;
  /** The release is not sent before this monotonic time. */
  readonly due: number;
  /** How often the release was refused since its last delivery. */
  readonly refusals: number;
  /** How often the release was delivered. */
  readonly deliveries: number;
}

interface ReleaseListener {
  /** The release is passed to the client. */
  onSent(command: ReleaseCommand): void;
  onReply(command: ReleaseCommand, reply: Reply): void;
}

/** The command that sends a release. */
export class ReleaseCommand extends PendingCommand {
  override readonly isRelease = true;
  /** The token was claimed again in the meantime: the release must not be retried. */
  cancelled = false;
  /** The connection on which the release was sent; null if unknown. */
  connection: number | null = null;
  readonly command: LockCommand;

  /** `at`: the monotonic time now. A release that is sent later keeps the keys for less time. */
  constructor(
    public release: Release,
    /** The pending release that is sent again; null if the release is sent for the first time. */
    readonly repeated: PendingRelease | null,
    private readonly listener: ReleaseListener,
    at: number,
  ) {
    super();
    this.command = commandAt(repeated === null ? release : withoutPlace(release), at);
  }

  override get caller(): AsyncContext | null {
    return this.release.caller;
  }

  wanted(): boolean {
    return true;
  }

  override markSent(queue: RequestQueue): void {
    super.markSent(queue);
    this.listener.onSent(this);
  }

  onReply(reply: Reply): void {
    this.listener.onReply(this, reply);
    if (this.repeated === null) this.release.answered?.(reply);
  }

  cancel(token: string): void {
    if (concerns(this.command, token)) this.cancelled = true;
  }
}

function commandAt({ command, keptUntil }: Release, at: number): LockCommand {
  if (keptUntil === null || command.op !== "release") return command;
  const rest = Math.ceil(keptUntil - at);
  return rest > 0 ? { ...command, rest } : command;
}

/** The waiter whose place was to be taken again may be gone by now. */
function withoutPlace(release: Release): Release {
  const { command } = release;
  if (command.op !== "release" || command.queue?.place === undefined) return release;
  const { queue: _, ...plain } = command;
  return { ...release, command: plain };
}

/** Whether the command is sent in the name of the token, or changes a key from it. */
export const concerns = (command: LockCommand, token: string): boolean =>
  ("token" in command && command.token === token) || ("from" in command && command.from === token);

/** Whether the command gives a lease back under this token, because an adoption of the lease has failed. */
export const givesBack = (command: LockCommand, token: string): boolean =>
  command.op === "giveBack" && command.token === token;

/** The release that deletes what another one would have given back, because the lease is over. */
export function deletingInstead(release: Release): Release {
  const { command } = release;
  if (command.op !== "giveBack") return release;
  return { ...release, command: { op: "release", keys: command.keys, token: command.from, long: true } };
}
