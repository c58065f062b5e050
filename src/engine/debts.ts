import { type Clock, elapsed, type Instant, now } from "./clock.js";
import type { LockCommand } from "./command.js";
import type { Reply } from "./node.js";

/** Releases still owed to one node; the oldest is dropped beyond that, and its key lives until its ttl. */
const maxDebts = 10_000;
/** A node that refuses a release so often will not take it. */
const maxTries = 20;

/** A release that a node did not take: it could not be reached, or refused for the time being. */
export interface Debt {
  readonly command: LockCommand;
  readonly since: Instant;
  /** ms after which the key is gone by itself. */
  readonly ttl: number;
  readonly tries: number;
}

/** What was not delivered may be delivered later: repeated, a release does no harm, until its token is claimed again. */
export const undelivered = (reply: Reply): boolean =>
  reply.kind === "failed" && ["connection", "notReady", "refused"].includes(reply.reason);

export const concerns = (command: LockCommand, token: string): boolean =>
  ("token" in command && command.token === token) || ("from" in command && command.from === token);

/** The releases that one node is owed, until their keys' ttl is over. */
export class Debts {
  private debts: Debt[] = [];

  constructor(private readonly clock: Clock) {}

  get size(): number {
    return this.debts.length;
  }

  owe(command: LockCommand, ttl: number): void {
    this.add({ command, since: now(this.clock), ttl, tries: 0 });
  }

  /** It was tried again in vain. */
  oweAgain(debt: Debt): void {
    if (debt.tries < maxTries) this.add({ ...debt, tries: debt.tries + 1 });
  }

  /** The token is being claimed again: what was owed before must not undo that. */
  forgive(token: string): void {
    if (this.debts.length > 0) this.debts = this.debts.filter(({ command }) => !concerns(command, token));
  }

  /** All that is still worth delivering; they are owed no more, unless they are owed again. */
  take(): Debt[] {
    this.prune();
    const due = this.debts;
    this.debts = [];
    return due;
  }

  /** How many are still worth delivering; the others are forgotten. */
  prune(): number {
    this.debts = this.debts.filter(({ since, ttl }) => elapsed(this.clock, since) < ttl);
    return this.debts.length;
  }

  private add(debt: Debt): void {
    this.debts.push(debt);
    if (this.debts.length > maxDebts) this.debts.shift();
  }
}
