import type { AsyncContext } from "../../support/async-context.js";
import type { Reply } from "../node/lock-node.js";
import type { LockCommand, QueuePlace, QueuePolicy } from "../protocol/command.js";
import type { FenceSource } from "../protocol/fence.js";
import type { Vote } from "../protocol/vote.js";
import { now } from "../time/clock.js";
import { ClaimCommand, type Grant, type MemberRecord } from "./claim-command.js";
import { ClaimUndo, type UndoableClaim } from "./claim-undo.js";
import { answeredByQuorum, decide } from "./decision.js";
import { askForFence } from "./fence-rounds.js";
import type { MemberGate } from "./member-gate.js";
import type { Origin, PriorLease } from "./origin.js";
import type { RenewalGroup } from "./renewal-group.js";
import { Round, type RoundContext, type RoundResult } from "./round.js";

export type Decided = (result: RoundResult) => void;
export type OnAnswer = (member: number, reply: Reply) => void;

/** How long a release is worth delivering if it is unknown how long the nodes keep the key, in ms. */
const unknownTtl = 60_000;

/**
 * One token and all commands that are sent in its name. `discard` and `release` leave nothing behind: every node that was
 * sent anything gets a release, even a silent one, and commands that are not yet sent are dropped. `end` keeps the keys.
 */
export class Claim implements UndoableClaim {
  ended = false;
  /** Whether somebody else may use the token too. */
  readonly tokenShared: boolean;
  readonly from: PriorLease | null;
  kept = false;
  place: QueuePlace | null = null;
  maxTtl = unknownTtl;
  keptUntil: number | null = null;
  /** The claims with which the claim is being renewed; null if it is not. */
  group: RenewalGroup | null = null;
  /** The numbers of the permits that the claim is about; undefined if it is not about permits. */
  permits: readonly number[] | undefined = undefined;
  private round: Round | null = null;
  protected undo: ClaimUndo | null = null;
  protected readonly records: MemberRecord[];

  constructor(
    protected readonly context: RoundContext,
    public keys: readonly string[],
    readonly token: string,
    origin: Origin | null,
    /** The asynchronous context of the caller. */
    readonly caller: AsyncContext,
    /**
     * Set if the user chose the token, and so may use it again: whether the claim is still the latest one of that token.
     */
    private readonly isLast: ((claim: Claim) => boolean) | null = null,
  ) {
    this.from = origin?.kind === "handover" ? origin : null;
    const tokenShared = origin?.kind === "sharedToken";
    this.tokenShared = tokenShared;
    this.records = context.members.map((member, index) => ({
      index,
      member,
      touched: tokenShared,
      unanswered: 0,
      askedOn: null,
      granted: false,
      denied: false,
      released: false,
    }));
  }

  /**
   * Requests the keys for `ttl` ms. `fences`: requests a fencing token as well. `queue`: null if the waiters of the keys are
   * ignored. `gate`: null if all members are asked at once. Otherwise the members that were not asked before are asked when a
   * quorum has granted, or a member has not.
   *
   * A claim of a lease that was handed over takes it from its old token, which a quorum must still hold. Unless `keep` is
   * called, the end of the claim gives the keys back: a failed adoption must not end the lease. A claim of a token that others use
   * extends the keys. It sets no missing key, because the token's other holder may have released it.
   */
  acquire(
    ttl: number,
    timeout: number,
    fences: FenceSource | null,
    queue: QueuePolicy | null,
    decided: Decided,
    gate: MemberGate | null = null,
  ): void {
    const { keys, token, from, tokenShared } = this;
    this.maxTtl = tokenShared ? Math.max(this.maxTtl, ttl) : ttl;
    if (tokenShared) return this.ask({ op: "renew", keys, token, ttl }, timeout, decided);
    let command: LockCommand;
    if (from !== null) command = { op: "swap", keys, from: from.token, token, ttl };
    else if (queue === null) command = { op: "acquire", keys, token, ttl };
    else {
      command = { op: "acquire", keys, token, ttl, queue };
      this.place = queue.place;
    }
    this.askWith(fences, command, timeout, decided, gate);
  }

  /** Asks all members, and for a fence unless `fences` is null. */
  protected askWith(
    fences: FenceSource | null,
    command: LockCommand,
    timeout: number,
    decided: Decided,
    gate: MemberGate | null,
  ): void {
    if (fences === null) return this.ask(command, timeout, decided, null, gate);
    askForFence(command, fences, decided, {
      membership: this.context.membership,
      ask: (fenced, onResult, isFirst) => this.ask(fenced, timeout, onResult, null, isFirst ? gate : null),
      raise: (fence) => ({ op: "fence", keys: this.keys, token: this.token, fence }),
    });
  }

  /** The round in which the members vote on the command. */
  protected roundFor(
    _command: LockCommand,
    timeout: number,
    decided: Decided,
    onAnswer: OnAnswer | null,
  ): Round {
    return new Round(this.context, timeout, decide, decided, onAnswer);
  }

  /** The adoption or the resumption has succeeded: from now on the end of the claim ends the lease. */
  keep(): void {
    this.kept = true;
  }

  /**
   * Extends the claim. Nodes that lack the key receive a command to set it again, but only once `decided` has accepted the renewal
   * (a live quorum, in time) by returning true. A token that others use is not set again: one of them may be releasing it.
   */
  renew(ttl: number, timeout: number, decided: (result: RoundResult) => boolean): void {
    const missing: number[] = [];
    this.maxTtl = Math.max(this.maxTtl, ttl);
    let accepted = false;
    const onAnswer = (member: number, reply: Reply) => {
      if (reply.kind !== "denied" || reply.holder !== null) return;
      if (accepted) this.heal(member, ttl);
      else missing.push(member);
    };
    const onResult = (result: RoundResult) => {
      accepted = decided(result) && !this.tokenShared;
      if (accepted) for (const member of missing) this.heal(member, ttl);
    };
    this.ask(this.renewal(ttl), timeout, onResult, onAnswer);
  }

  /** The command that extends the claim on a node. */
  protected renewal(ttl: number): LockCommand {
    return { op: "renew", keys: this.keys, token: this.token, ttl };
  }

  /** Whether the claim may be renewed together with others: it is about one key, and nobody else may use its token. */
  get groupable(): boolean {
    return this.keys.length === 1 && !this.tokenShared && !this.named && this.from === null;
  }

  /** The claim is being renewed for `ttl` ms together with others. */
  joinGroup(ttl: number, group: RenewalGroup): void {
    this.maxTtl = Math.max(this.maxTtl, ttl);
    this.group = group;
  }

  /** Sets the keys again on a member that lacks them. A live quorum must have confirmed the claim. */
  heal(member: number, ttl: number): void {
    this.send(member, { op: "heal", keys: this.keys, token: this.token, ttl }, null);
  }

  /** Whether any node was sent anything. */
  get sent(): boolean {
    return this.records.some(({ touched }) => touched);
  }

  get named(): boolean {
    return this.isLast !== null;
  }

  get latest(): boolean {
    return this.isLast?.(this) === true;
  }

  /** The votes of the current round; the other nodes have been silent for `waited` ms. */
  votesSoFar(waited: number): Vote[] {
    return this.round?.soFar(waited) ?? [];
  }

  /** The attempt that has just begun is made again if it fails: a split vote need not be waited out. */
  allowEarlyEnd(): void {
    if (this.round !== null) this.round.mayEndEarly = true;
  }

  /** It is the waiter's turn at a node that may have denied this attempt: ends the attempt if its votes are split. */
  endIfSplit(): void {
    this.round?.endIfSplit();
  }

  /** Ends the claim and keeps the keys: nothing more is sent in the name of the claim. */
  end(): void {
    this.ended = true;
    this.round?.abandon();
    this.group?.onEnded();
    this.group = null;
  }

  /**
   * Ends the claim because its lease was handed over. The keys stay, except on nodes that may execute a command late, from a
   * connection that was lost: the lease may have ended by then under another token. `tokenShared`: others go on using this token.
   */
  handOver(tokenShared: boolean): void {
    this.end();
    if (tokenShared) return;
    // A node that has denied the claim keeps its place.
    const denying = this.records.filter(({ denied, granted }) => denied && !granted);
    if (this.place !== null) this.leave(this.place, denying);
    const mayGrantLate = ({ unanswered, granted, askedOn, member }: MemberRecord) =>
      unanswered > 0 && !granted && askedOn !== null && askedOn !== member.connection;
    const undo = new ClaimUndo(this, this.context.clock, false);
    for (const record of this.records) if (mayGrantLate(record)) undo.releaseAt(record, () => {});
  }

  /**
   * Ends the claim on every node that was sent anything. `wake`: a majority may have granted it, so wake waiters. `patient`:
   * nodes that have not answered may get the release a little later, because most of them are about to deny. `waits`: the
   * claim's waiter goes on waiting in its place.
   */
  discard(wake: boolean, patient = false, waits = false): void {
    this.end();
    if (this.tokenShared && !this.kept) return;
    this.undo = new ClaimUndo(this, this.context.clock, wake, waits && !wake ? this.place : null);
    for (const record of this.records) {
      if (patient) this.undo.releasePatiently(record);
      else this.undo.releaseAt(record, () => {});
    }
  }

  /** Sends the releases that `discard` has put off. Returns whether there were any. */
  releaseNow(): boolean {
    return this.undo?.releaseNow() === true;
  }

  /** Gives up the place in the queues of all nodes, because an earlier claim may have been sent to other nodes. */
  leave(place: QueuePlace, records: readonly MemberRecord[] = this.records): void {
    const { keys, token } = this;
    const command: LockCommand = { op: "release", keys, token, queue: { id: place.id, wake: false } };
    for (const { member } of records) member.leaveQueue(command);
  }

  /** Like `discard(true)`, and reports "granted" once a quorum has answered, or "noQuorum" if none can. */
  release(timeout: number, decided: Decided): void {
    this.end();
    const undo = new ClaimUndo(this, this.context.clock, true);
    this.undo = undo;
    const round = new Round(this.context, timeout, answeredByQuorum, decided);
    this.round = round;
    const releaseAt = (record: MemberRecord) =>
      undo.releaseAt(record, (reply) => round.vote(record.index, reply));
    round.start((index) => releaseAt(this.records[index] as MemberRecord), true);
  }

  keysAt(_record: MemberRecord): readonly string[] {
    return this.keys;
  }

  /** A node has granted a command. A redirect or a reconnection inside the client may have delayed it past the release. */
  onGranted(command: ClaimCommand, _answer: Grant): void {
    command.record.granted = true;
    this.undo?.releaseAgain(command);
  }

  onDenied({ record }: ClaimCommand): void {
    record.denied = true;
    this.undo?.releaseIfLate(record);
  }

  /** A command was lost: a node may grant it later. */
  onLost(command: ClaimCommand): void {
    this.undo?.releaseAgain(command);
  }

  private ask(
    command: LockCommand,
    timeout: number,
    decided: Decided,
    onAnswer: OnAnswer | null = null,
    gate: MemberGate | null = null,
  ): void {
    if (this.ended) return;
    const onDecided = (result: RoundResult) => {
      if (result.verdict === "granted") gate?.admitAll();
      decided(result);
    };
    const onVote = (_: number, { kind }: Reply) => {
      if (kind !== "granted") gate?.admitAll();
    };
    const round =
      gate === null
        ? this.roundFor(command, timeout, decided, onAnswer)
        : this.roundFor(command, timeout, onDecided, onVote);
    this.round = round;
    const send = (index: number) => this.send(index, command, round);
    round.start(gate === null ? send : (index) => gate.admit(index, () => send(index)));
  }

  /** `round`: counts the answer; null if the answer does not matter. */
  protected send(index: number, command: LockCommand, round: Pick<Round, "vote"> | null): void {
    const record = this.records[index];
    if (record === undefined || this.ended) return;
    const askedAt = this.isLast === null ? null : now(this.context.clock);
    record.member.ask(new ClaimCommand(this, command, record, askedAt, round));
  }
}
