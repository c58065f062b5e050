import { messageOf } from "../protocol/error-message.js";
import type { Membership } from "../protocol/membership.js";
import { type Identification, isOfSingle, type Memory } from "../protocol/memory.js";
import { aloneSoFar } from "../protocol/refusal.js";
import { answerTimeout, type Clock, type Timer } from "../time/clock.js";
import type { Random } from "../time/random.js";
import { neededAge, type Plan, planFor, type QuarantineTerms } from "./abstention.js";
import type { LockNode } from "./lock-node.js";
import { isColdStart, type QuorumView } from "./quorum-view.js";
import type { ServerIdentity } from "./server-identity.js";

/** The part of a quorum member that the quarantine uses. */
export interface QuarantineMember {
  readonly name: string;
  readonly node: LockNode;
  readonly server: ServerIdentity;
  /** Whether the node is connected and answers. */
  readonly reachable: boolean;
  /** Called when the known state of the server has changed. */
  onServerChanged(): void;
}

/** Pause in ms before the next review while other nodes may be about to start. The pauses double. */
const minPauseMs = 10;
/** Pause in ms between two reviews of nodes that cannot be reached or accept no memory. */
const maxPauseMs = 1_000;
/** Pause in ms before a node is asked again that was used alone, and whose memory changed before the set recorded its use. */
const joinPauseMs = 100;
/**
 * Pause in ms between two reviews of the long leases that a node waits for: a share of the time that the node has
 * waited already. The longest pause applies without long leases too, because an operator may end the abstention.
 */
const longWait = { share: 1 / 4, least: 1_000, most: 10_000 } as const;
/** Maximum delay of the timer in ms. */
const maxTimerMs = 3_600_000;
/**
 * Tolerance in ms for the end of an abstention: the reported end varies with the time that the answer took to arrive.
 */
const toleranceMs = 250;

/**
 * Lets a node that lost its memory vote again when every lease that the node may have granted has expired. The
 * quarantine asks all nodes, plans the next step for each, and executes the plan. The decision is stored on the node
 * itself, for all processes.
 */
export class Quarantine {
  private timer: Timer | null = null;
  /** The current waits. Each function ends one wait. */
  private readonly waits = new Set<() => void>();
  private reviewing = false;
  private requestedAgain = false;
  private closed = false;
  /** Consecutive reviews that found nodes which may be about to start. */
  private repeats = 0;
  /** The result of the previous review. */
  private previous: readonly (Identification | null)[] | null = null;
  constructor(
    private readonly members: readonly QuarantineMember[],
    private readonly membership: Membership,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly terms: QuarantineTerms,
    /** Called when the whole set of nodes has no memory, and the nodes vote nevertheless. */
    /** Called when no node has a memory. `known`: whether this process has seen one with a memory. */
    private readonly onColdStart: (nodes: readonly string[], known: boolean) => void,
    /** The nodes that are new to the set, as far as it is known which sets of nodes are in use. */
    private readonly joining: () => readonly number[] | null = () => [],
  ) {}

  /** Requests a review: some node cannot vote because it has no memory, or may be able to vote again. */
  request(): void {
    if (this.reviewing) {
      this.requestedAgain = true;
      return;
    }
    this.timer?.cancel();
    this.timer = null;
    if (this.closed) return;
    this.reviewing = true;
    this.review().then((pause) => {
      this.reviewing = false;
      if (this.requestedAgain) {
        this.requestedAgain = false;
        this.request();
      } else if (pause !== null && !this.closed) {
        this.timer = this.clock.after(pause, weakRequest(new WeakRef(this)), true);
      }
    });
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
    for (const over of [...this.waits]) over();
  }

  /** Reviews all nodes. Resolves to the pause in ms before the next review; null if no node needs another review. */
  private async review(): Promise<number | null> {
    const { previous, repeats } = this;
    const minAge = this.minAge();
    const startedAt = this.clock.monotonic();
    const identifications = await Promise.all(this.members.map((member) => this.identify(member, minAge)));
    if (this.closed) return null;
    this.previous = identifications;
    const took = this.clock.monotonic() - startedAt;
    const hadMemory = this.members.map(({ server }) => server.hadMemory);
    const view = {
      membership: this.membership,
      identifications,
      previous,
      hadMemory,
      took,
      repeats,
      minAge,
      joining: this.joining(),
    };
    const plans = this.members.map((_, index) => planFor(index, view, this.terms));
    this.warn(view, plans);
    this.repeats = plans.some((plan) => plan?.kind === "retry") ? this.repeats + 1 : 0;
    const pauses = await Promise.all(
      this.members.map((member, index) =>
        this.carryOut(member, plans[index] ?? null, identifications[index] ?? null),
      ),
    );
    const next = pauses.filter((pause) => pause !== null);
    return next.length === 0 ? null : Math.min(...next);
  }

  /** Warns about a cold start. A single node without a memory is probably new, unless it had a memory before. */
  private warn(view: QuorumView, plans: readonly (Plan | null)[]): void {
    const cold = this.membership.names.filter((_, index) => plans[index]?.kind === "change");
    if (this.terms.rule !== "auto" || cold.length === 0) return;
    const known = view.hadMemory.some((had) => had);
    const alone = this.members.length === 1;
    if (alone ? known : isColdStart(view)) this.onColdStart(cold, known);
  }

  /** The minimum age in ms of the long leases that concern any abstaining node. */
  private minAge(): number {
    const memories = (this.previous ?? []).flatMap((identification) => identification?.memory ?? []);
    const age = Math.min(...memories.map((memory) => neededAge(memory, this.terms)));
    return Number.isFinite(age) ? age : 0;
  }

  /**
   * Identifies the node; null if the node does not answer in time. A node that is still connecting is given time to
   * connect.
   */
  private async identify(member: QuarantineMember, minAge: number): Promise<Identification | null> {
    const { node, server } = member;
    if (node.connection === "connecting") await this.connectionChange(node);
    // A silent node is probed already, so no further request is sent to it.
    return member.reachable && !this.closed ? this.bounded(server.ask(null, minAge)) : null;
  }

  private async carryOut(
    member: QuarantineMember,
    plan: Plan | null,
    identification: Identification | null,
  ): Promise<number | null> {
    const { server } = member;
    // A node whose connection was lost is identified again by itself; a node that does not answer is asked again here.
    if (identification === null) return server.known && !server.remembers ? maxPauseMs : null;
    if (plan === null) return this.accept(member, identification);
    if (plan.kind === "retry") return minPauseMs * 2 ** (this.repeats - 1);
    if (plan.kind === "wait") return this.abstain(member, identification, plan.ms, plan.cause);
    let refusal = "does not answer";
    const changed = await this.bounded(server.ask(plan.change, 0), (error) => {
      refusal = messageOf(error);
    });
    if (changed === null) {
      const alone = identification.memory !== null && isOfSingle(identification.memory);
      const cause = `${alone ? aloneSoFar : "its marker (holdfast:memory) cannot be written"}: ${refusal}`;
      return this.abstain(member, identification, null, cause);
    }
    const { memory } = changed;
    if (memory === null || memory.state === "kept") return this.accept(member, changed);
    return this.abstain(member, changed, memory.state === "lost" ? null : memory.left, plan.cause);
  }

  private accept(member: QuarantineMember, identification: Identification): number | null {
    // An answer that was overtaken by a later one is ignored.
    if (!member.server.accept(identification)) return maxPauseMs;
    member.onServerChanged();
    // The memory of a node that was used alone may change just before the set records its use: it is asked again.
    return member.server.remembers ? null : joinPauseMs;
  }

  private abstain(
    member: QuarantineMember,
    identification: Identification,
    ms: number | null,
    cause: string,
  ): number {
    let until = ms === null ? null : this.clock.monotonic() + ms;
    const { abstention } = member.server;
    // The answer reports the same end again.
    if (until !== null && abstention?.until && Math.abs(until - abstention.until) < toleranceMs)
      until = abstention.until;
    member.server.accept(identification, { until, cause });
    member.onServerChanged();
    return ms === null ? maxPauseMs : this.pauseFor(identification.memory, ms);
  }

  /** The pause in ms before the next review of a node that abstains for `left` ms. */
  private pauseFor(memory: Memory | null, left: number): number {
    const pause = Math.min(left, maxTimerMs);
    if (memory === null || memory.abstention === null) return pause;
    const { until, least, settles, settled } = memory.abstention;
    const since = memory.now - settles;
    if (!settled && this.terms.rule === "auto") return Math.min(pause, since < 0 ? -since : maxPauseMs);
    const wait = until <= least ? longWait.most : since * longWait.share;
    const regular = Math.max(longWait.least, Math.min(wait, longWait.most));
    // The jitter keeps several processes from asking at the same time.
    return Math.min(pause, regular * (0.75 + this.random.fraction() / 2));
  }

  /** Resolves to null when the work fails, or takes longer than the node timeout. */
  private bounded<T>(
    work: Promise<T | null>,
    onError: (error: unknown) => void = () => {},
  ): Promise<T | null> {
    return new Promise((resolve) => {
      const done = (result: T | null) => {
        end();
        resolve(result);
      };
      const over = () => done(null);
      const end = this.wait(over);
      work.then(done, (error: unknown) => {
        onError(error);
        done(null);
      });
    });
  }

  /** Resolves when the node's connection changes, or after the node timeout. */
  private connectionChange(node: LockNode): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        end();
        unwatch();
        resolve();
      };
      const end = this.wait(done);
      const unwatch = node.watch(done);
    });
  }

  /** Calls `over` after the node timeout, or when the quarantine closes. Returns a function that cancels the call. */
  private wait(over: () => void): () => void {
    const timer = answerTimeout(this.clock, this.terms.nodeTimeout, over, true);
    this.waits.add(over);
    return () => {
      timer.cancel();
      this.waits.delete(over);
    };
  }
}

/** A weak reference: the retry timer must not keep an unreferenced engine alive. */
const weakRequest = (quarantine: WeakRef<Quarantine>) => () => quarantine.deref()?.request();
