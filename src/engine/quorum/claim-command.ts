import type { AsyncContext } from "../../support/async-context.js";
import type { Reply } from "../node/lock-node.js";
import type { QuorumMember } from "../node/quorum-member.js";
import { PendingCommand, type RequestQueue } from "../node/request-queue.js";
import type { LockCommand } from "../protocol/command.js";
import { claims } from "../protocol/traits.js";
import type { Instant } from "../time/clock.js";

/** What one member has been sent in the name of the token, and what it answered. */
export interface MemberRecord {
  /** The index of the member in the quorum. */
  readonly index: number;
  readonly member: QuorumMember;
  /** The node may hold the token. */
  touched: boolean;
  /** Number of requests that may make the node hold the token, and that were sent but not answered by the server. */
  unanswered: number;
  /** The connection on which the first of those requests was sent; null if unknown. */
  askedOn: number | null;
  /** The node has granted the token. */
  granted: boolean;
  /** The node has denied the token. */
  denied: boolean;
  /** The claim was released here: whatever the node grants from now on must be released again. */
  released: boolean;
}

export type Grant = Extract<Reply, { kind: "granted" }>;

/** Counts the answers to a command. */
interface VoteCounter {
  vote(member: number, reply: Reply): void;
}

/** The claim that a command belongs to. */
interface CommandedClaim {
  /** The asynchronous context of the caller. */
  readonly caller: AsyncContext;
  readonly ended: boolean;
  /** The node has granted the command. */
  onGranted(command: ClaimCommand, answer: Grant): void;
  /** The node has denied the command. */
  onDenied(command: ClaimCommand): void;
  /** The command was lost: the node may grant it later. */
  onLost(command: ClaimCommand): void;
}

/** One command of a claim to one node. */
export class ClaimCommand extends PendingCommand {
  private sent = false;

  constructor(
    private readonly claim: CommandedClaim,
    readonly command: LockCommand,
    readonly record: MemberRecord,
    readonly askedAt: Instant | null,
    /** Null if nobody needs the answer. */
    private readonly votes: VoteCounter | null,
  ) {
    super();
  }

  override get caller(): AsyncContext {
    return this.claim.caller;
  }

  wanted(): boolean {
    return !this.claim.ended;
  }

  override markSent(queue: RequestQueue): void {
    const { record } = this;
    record.touched = true;
    // The first unanswered request determines the connection: a later connection says nothing about earlier lost
    // requests.
    if (record.unanswered === 0) record.askedOn = record.member.connection;
    record.unanswered++;
    this.sent = true;
    super.markSent(queue);
  }

  onReply(reply: Reply): void {
    if (this.sent && isAnswer(reply)) this.record.unanswered--;
    if (claims(this.command)) {
      if (reply.kind === "granted") this.claim.onGranted(this, reply);
      else if (reply.kind === "denied") this.claim.onDenied(this);
      else if (reply.kind === "failed" && reply.reason === "connection") this.claim.onLost(this);
    }
    this.votes?.vote(this.record.index, reply);
  }
}

/**
 * Whether the reply tells what happened to the request. A request that was lost, or timed out, may still reach the
 * server.
 */
const isAnswer = (reply: Reply): boolean =>
  reply.kind !== "failed" || (reply.reason !== "connection" && reply.reason !== "timeout");
