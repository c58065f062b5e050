/**
 * What a node can be asked to do with the keys of one lock. Every command concerns all of its keys or none:
 * a node grants the whole set or denies it.
 */
export type LockCommand =
  /** Set the keys that nobody holds; one that already holds this token gets its full ttl again. */
  | {
      readonly op: "acquire";
      readonly keys: readonly string[];
      readonly token: string;
      readonly ttl: number;
      /** Propose this fencing token along with it. */
      readonly fence?: number;
    }
  /** Extend keys that hold this token to at least `ttl` (a longer remaining ttl stays). */
  | RenewalCommand<"renew">
  /** Put back keys that are absent; extend those that hold this token. */
  | RenewalCommand<"heal">
  /** Compare-and-set: keys that hold `from` now hold `token`. */
  | {
      readonly op: "swap";
      readonly keys: readonly string[];
      readonly from: string;
      readonly token: string;
      readonly ttl: number;
      readonly fence?: number;
    }
  /** Undoes a swap: keys that hold `from` hold `token` again, for `ttl` ms at the most. */
  | {
      readonly op: "giveBack";
      readonly keys: readonly string[];
      readonly from: string;
      readonly token: string;
      readonly ttl: number;
    }
  /** Propose a higher fencing token for keys that hold this token. */
  | { readonly op: "fence"; readonly keys: readonly string[]; readonly token: string; readonly fence: number }
  /** Compare-and-delete. */
  | { readonly op: "release"; readonly keys: readonly string[]; readonly token: string }
  /** Tell who holds the keys; changes nothing. */
  | { readonly op: "inspect"; readonly keys: readonly string[] };

interface RenewalCommand<Op extends string> {
  readonly op: Op;
  readonly keys: readonly string[];
  readonly token: string;
  /** ms. */
  readonly ttl: number;
}

/** The commands that may leave a key behind; a release must follow them, and none may be sent once given up. */
export type ClaimingCommand = Extract<LockCommand, { op: "acquire" | "heal" | "swap" }>;

export const claims = (command: LockCommand): command is ClaimingCommand =>
  command.op === "acquire" || command.op === "heal" || command.op === "swap";
