import type { Reply } from "../node/lock-node.js";
import { PendingCommand } from "../node/pending-command.js";
import type { QuorumMember } from "../node/quorum-member.js";
import { claims, type LockCommand } from "../protocol/command.js";
import type { Instant } from "../time/clock.js";

/** What one seat has been asked in the name of the token. */
export interface MemberRecord {
  readonly member: QuorumMember;
  /** The node may hold the token. */
  touched: boolean;
  /** Requests that may make the node hold the token, sent and not answered by the server. */
  unanswered: number;
  /** The connection on which the first of them was sent; null if nobody can tell. */
  askedOn: number | null;
  /** It has said that it holds the token. */
  granted: boolean;
  /** What it grants from now on is to be released again. */
  over: boolean;
}

/** The claim in whose name a command is sent. */
interface CommandedClaim {
  readonly ended: boolean;
  /** The node has granted the command. */
  noteGrant(command: ClaimCommand): void;
  /** The command was lost: the node may grant it later. */
  releaseAgain(command: ClaimCommand): void;
}

/** One command to one node in the name of a claim. */
export class ClaimCommand extends PendingCommand {
  private sent = false;

  constructor(
    private readonly claim: CommandedClaim,
    readonly command: LockCommand,
    readonly record: MemberRecord,
    readonly askedAt: Instant | null,
    private readonly replied: (reply: Reply) => void,
  ) {
    super();
  }

  wanted(): boolean {
    return !this.claim.ended;
  }

  override markSent(listener: Parameters<PendingCommand["markSent"]>[0]): void {
    const { record } = this;
    record.touched = true;
    // The first one that is unanswered counts: a later connection says nothing about what was lost with an earlier one.
    if (record.unanswered === 0) record.askedOn = record.member.connection;
    record.unanswered++;
    this.sent = true;
    super.markSent(listener);
  }

  onReply(reply: Reply): void {
    if (this.sent && isAnswer(reply)) this.record.unanswered--;
    if (claims(this.command)) {
      if (reply.kind === "granted") this.claim.noteGrant(this);
      else if (reply.kind === "failed" && reply.reason === "connection") this.claim.releaseAgain(this);
    }
    this.replied(reply);
  }
}

/** Whether it is known what became of the request: one that was lost, or waited for in vain, may still reach the server. */
const isAnswer = (reply: Reply): boolean =>
  reply.kind !== "failed" || (reply.reason !== "connection" && reply.reason !== "timeout");
