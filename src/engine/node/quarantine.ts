import type { Identification, Memory } from "../protocol/memory.js";
import { answerTimeout, type Clock, type Timer } from "../time/clock.js";
import type { Random } from "../time/random.js";
import {
  isColdStart,
  neededAge,
  type Plan,
  planFor,
  type QuarantineTerms,
  type QuorumView,
} from "./abstention.js";
import type { LockNode } from "./lock-node.js";
import type { ServerIdentity } from "./server-identity.js";

/** The part of a quorum member that the quarantine uses. */
export interface QuarantineMember {
  readonly name: string;
  readonly node: LockNode;
  readonly server: ServerIdentity;
  /** Whether the node is connected and answers. */
  readonly reachable: boolean;
  /** Called when the known state of the server has changed. */
  settled(): void;
}

/** Pause in ms before the next review while other nodes may be about to start. The pauses double. */
const shortestPause = 10;
/** Pause in ms between two reviews of nodes that cannot be reached or accept no memory. */
const longestPause = 1_000;
/**
 * Pause in ms between two reviews of the long leases that a node waits for: a share of the time that the node has
 * waited already.
 */
const longWait = { share: 1 / 4, least: 1_000, most: 10_000 } as const;
/** Maximum delay of the timer in ms. */
const longestTimer = 3_600_000;
/**
 * Tolerance in ms for the end of an abstention: the reported end varies with the time that the answer took to arrive.
 */
const blur = 250;

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
  private again = false;
  private closed = false;
  /** Consecutive reviews that found nodes which may be about to start. */
  private looks = 0;
  /** The result of the previous review. */
  private before: readonly (Identification | null)[] | null = null;
  private readonly names: readonly string[];

  constructor(
    private readonly members: readonly QuarantineMember[],
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly terms: QuarantineTerms,
    /** Called when the whole set of nodes has no memory, and the nodes vote nevertheless. */
    private readonly onColdStart: (nodes: readonly string[]) => void,
  ) {
    this.names = members.map(({ name }) => name);
  }

  /** Requests a review: some node cannot vote because it has no memory, or may be able to vote again. */
  request(): void {
    if (this.reviewing) {
      this.again = true;
      return;
    }
    this.timer?.cancel();
    this.timer = null;
    if (this.closed) return;
    this.reviewing = true;
    this.review().then((pause) => {
      this.reviewing = false;
      if (this.again) {
        this.again = false;
        this.request();
      } else if (pause !== null && !this.closed) {
        this.timer = this.clock.after(pause, again(new WeakRef(this)), true);
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
    const { before, looks } = this;
    const age = this.age();
    const began = this.clock.monotonic();
    const identifications = await Promise.all(this.members.map((member) => this.look(member, age)));
    if (this.closed) return null;
    this.before = identifications;
    const took = this.clock.monotonic() - began;
    const view = { names: this.names, identifications, before, took, looks, age };
    const plans = this.members.map((_, index) => planFor(index, view, this.terms));
    this.warn(view, plans);
    this.looks = plans.some((plan) => plan?.kind === "look") ? this.looks + 1 : 0;
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
    const cold = this.names.filter((_, index) => plans[index]?.kind === "change");
    const alone = this.members.length === 1;
    if (
      this.terms.rule === "auto" &&
      cold.length > 0 &&
      (alone ? this.members[0]?.server.hasRemembered : isColdStart(view))
    )
      this.onColdStart(cold);
  }

  /** The minimum age in ms of the long leases that concern any abstaining node. */
  private age(): number {
    const memories = (this.before ?? []).flatMap((identification) => identification?.memory ?? []);
    const age = Math.min(...memories.map((memory) => neededAge(memory, this.terms)));
    return Number.isFinite(age) ? age : 0;
  }

  /**
   * Identifies the node; null if the node does not answer in time. A node that is still connecting is given time to
   * connect.
   */
  private async look(member: QuarantineMember, age: number): Promise<Identification | null> {
    const { node, server } = member;
    if (node.connection === "connecting") await this.change(node);
    // A silent node is probed already, so no further request is sent to it.
    return member.reachable && !this.closed ? this.bounded(server.ask(null, age)) : null;
  }

  private async carryOut(
    { server, settled }: QuarantineMember,
    plan: Plan | null,
    identification: Identification | null,
  ): Promise<number | null> {
    // A node whose connection was lost is identified again by itself; a node that does not answer is asked again here.
    if (identification === null) return server.known && !server.remembers ? longestPause : null;
    if (plan === null) return this.accept(server, settled, identification);
    if (plan.kind === "look") return shortestPause * 2 ** (this.looks - 1);
    if (plan.kind === "wait") return this.abstain(server, settled, identification, plan.ms, plan.cause);
    let refusal = "does not answer";
    const changed = await this.bounded(server.ask(plan.change, 0), (error) => {
      refusal = messageOf(error);
    });
    if (changed === null) {
      const cause = `it has no memory, and takes none: ${refusal}`;
      return this.abstain(server, settled, identification, null, cause);
    }
    const { memory } = changed;
    if (memory === null || memory.state === "kept") return this.accept(server, settled, changed);
    return this.abstain(server, settled, changed, memory.state === "lost" ? null : memory.left, plan.cause);
  }

  private accept(server: ServerIdentity, settled: () => void, identification: Identification): number | null {
    // An answer that was overtaken by a later one is ignored.
    if (!server.accept(identification)) return longestPause;
    settled();
    return null;
  }

  private abstain(
    server: ServerIdentity,
    settled: () => void,
    identification: Identification,
    ms: number | null,
    cause: string,
  ): number {
    let until = ms === null ? null : this.clock.monotonic() + ms;
    const { abstention } = server;
    // The answer reports the same end again.
    if (until !== null && abstention?.until && Math.abs(until - abstention.until) < blur)
      until = abstention.until;
    server.accept(identification, { until, cause });
    settled();
    return ms === null ? longestPause : this.pauseFor(identification.memory, ms);
  }

  /** The pause in ms before the next review of a node that abstains for `left` ms. */
  private pauseFor(memory: Memory | null, left: number): number {
    const pause = Math.min(left, longestTimer);
    if (memory === null || memory.abstention === null || this.terms.rule !== "auto") return pause;
    const { until, least, settles, settled } = memory.abstention;
    const since = memory.now - settles;
    if (!settled) return Math.min(pause, since < 0 ? -since : longestPause);
    if (until <= least) return pause;
    const regular = Math.max(longWait.least, Math.min(since * longWait.share, longWait.most));
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
  private change(node: LockNode): Promise<void> {
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
const again = (quarantine: WeakRef<Quarantine>) => () => quarantine.deref()?.request();

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
