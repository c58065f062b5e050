import type { AsyncContext } from "../../support/async-context.js";
import type { Reply } from "../node/lock-node.js";
import { PendingCommand } from "../node/request-queue.js";
import type { LockCommand } from "../protocol/command.js";
import { failed } from "../protocol/refusal.js";
import { granted } from "../protocol/vote.js";
import { type Instant, now } from "../time/clock.js";
import type { Claim } from "./claim.js";
import { decide } from "./decision.js";
import type { RenewalGroup } from "./renewal-group.js";
import { Round, type RoundContext, type RoundResult } from "./round.js";

/** The result of a renewal. */
export type RenewalResult = Pick<RoundResult, "verdict" | "votes" | "took">;

/** The renewal of one claim in a group. */
export interface GroupedRenewal {
  readonly claim: Claim;
  /**
   * Called once, even if the claim has ended meanwhile: every node that counts as granted in the votes has renewed this claim's key.
   * `start`: the time just before the first request. Returns whether the renewal was accepted. Only then is the key set again
   * on nodes that turn out to lack it.
   */
  onGroupDecided(start: Instant, result: RenewalResult): boolean;
  /** Called instead, if a node has reported, before the decision, that the key does not hold the claim's token. */
  renewAlone(): void;
}

/** A claim of the group. `renewal` is null once the renewal is decided, or has left the group. */
interface Entry {
  readonly claim: Claim;
  renewal: GroupedRenewal | null;
  /** Whether the group's quorum has renewed the claim. */
  accepted: boolean;
}

/**
 * One renewal of many claims: one round, with one command for each node. The common votes of the nodes decide for every
 * claim whose key each of the nodes that answered has renewed. A claim whose key any node has not renewed leaves the group,
 * and is renewed by itself.
 */
export class GroupRound implements RenewalGroup {
  private readonly entries: readonly Entry[];
  /** Changed in place when a claim has ended, so that the change applies to every later sending. */
  private readonly tokens: string[];
  private readonly command: LockCommand;
  /** The time just before the first request. */
  private readonly start: Instant;
  private readonly round: Round;
  /** The number of claims that wait for the decision. */
  private waiting: number;

  constructor(
    context: RoundContext,
    renewals: readonly GroupedRenewal[],
    private readonly ttl: number,
    timeout: number,
  ) {
    this.entries = renewals.map((renewal) => ({ claim: renewal.claim, renewal, accepted: false }));
    this.tokens = renewals.map(({ claim }) => claim.token);
    const keys = renewals.map(({ claim }) => claim.keys[0] ?? "");
    this.command = { op: "renewEach", keys, tokens: this.tokens, ttl };
    this.waiting = renewals.length;
    for (const { claim } of renewals) claim.joinGroup(ttl, this);
    this.start = now(context.clock);
    const round = new Round(context, timeout, decide, (result) => this.onDecided(result));
    this.round = round;
    round.start((member) =>
      context.members[member]?.ask(new GroupCommand(this, this.command, member, round)),
    );
  }

  get callers(): AsyncContext[] {
    return this.entries.map(({ claim }) => claim.caller);
  }

  /** A round that nobody waits for leaves no timer. */
  onEnded(): void {
    this.waiting--;
    if (this.waiting === 0) this.round.abandon();
  }

  /** Whether a claim is still to be renewed. The keys of claims that have ended are not renewed by any further sending. */
  stillWanted(): boolean {
    let wanted = false;
    for (let index = 0; index < this.entries.length; index++) {
      const { claim } = this.entries[index] as Entry;
      if (!claim.ended) wanted = true;
      // No key has this value, because nobody else knows the token.
      else this.tokens[index] = `${claim.token}-`;
    }
    return wanted;
  }

  /** A node has not renewed the keys at these positions: it lacks them, or they are another's. */
  onOthers(member: number, others: readonly number[]): void {
    for (const position of others) {
      const entry = this.entries[position];
      if (entry === undefined || entry.claim.ended) continue;
      const { renewal } = entry;
      entry.renewal = null;
      if (renewal !== null) {
        entry.claim.group = null;
        renewal.renewAlone();
        this.onEnded();
      } else if (entry.accepted) entry.claim.heal(member, this.ttl);
    }
  }

  private onDecided(result: RoundResult): void {
    for (const entry of this.entries) {
      const { renewal } = entry;
      // The requests of a hung node keep this round alive, but must not keep the lease alive.
      entry.renewal = null;
      if (renewal === null) continue;
      entry.claim.group = null;
      entry.accepted = renewal.onGroupDecided(this.start, result);
    }
  }
}

/** The command of a group to one node. */
class GroupCommand extends PendingCommand {
  readonly caller = null;

  constructor(
    private readonly group: GroupRound,
    readonly command: LockCommand,
    private readonly member: number,
    private readonly round: Round,
  ) {
    super();
  }

  override get callers(): readonly AsyncContext[] {
    return this.group.callers;
  }

  wanted(): boolean {
    return this.group.stillWanted();
  }

  onReply(reply: Reply): void {
    const { group, member, round } = this;
    // Claims leave the group before the vote counts for the others.
    if (reply.kind === "partly") group.onOthers(member, reply.others);
    round.vote(member, voteOf(reply));
  }
}

/** What the reply means for the keys that were renewed. A node that denies the whole command has not understood it. */
function voteOf(reply: Reply): Reply {
  if (reply.kind === "partly") return granted;
  return reply.kind === "denied" ? failed("garbage", "a group is not denied as a whole") : reply;
}
