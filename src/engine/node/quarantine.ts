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

/** A node of the quorum, as far as its memory is concerned. */
export interface QuarantineMember {
  readonly name: string;
  readonly node: LockNode;
  readonly server: ServerIdentity;
  /** Whether it is connected and answers. */
  readonly reachable: boolean;
  /** What is known of its server has changed. */
  settled(): void;
}

/** ms before the first look at others that may be about to begin. The pauses double. */
const shortestPause = 10;
/** ms between two looks at nodes that cannot be reached, or take no memory. */
const longestPause = 1_000;
/** ms between two looks at the long leases that are waited for: a share of the time for which that has gone on. */
const longWait = { share: 1 / 4, least: 1_000, most: 10_000 } as const;
/** ms; what a timer can be set for. */
const longestTimer = 3_600_000;
/** ms by which the end of an abstention may seem to move, for the way that the answer took. */
const blur = 250;

/**
 * Sees to it that a node that lost its memory votes again when every lease that it may have granted has run out: looks at
 * all nodes, has it planned, and carries that out. The decision stands on the node itself, for all processes.
 */
export class Quarantine {
  private timer: Timer | null = null;
  /** What is waited for, each with how to wait no longer. */
  private readonly waits = new Set<() => void>();
  private reviewing = false;
  private again = false;
  private closed = false;
  /** In a row, at others that may be about to begin. */
  private looks = 0;
  /** What the last look showed. */
  private before: readonly (Identification | null)[] | null = null;
  private readonly names: readonly string[];

  constructor(
    private readonly members: readonly QuarantineMember[],
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly terms: QuarantineTerms,
    /** The whole set has no memory, and votes all the same. */
    private readonly onColdStart: (nodes: readonly string[]) => void,
  ) {
    this.names = members.map(({ name }) => name);
  }

  /** Some node cannot vote for want of memory, or might now be able to. */
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

  /** ms after which to look again; null if nothing is left to be settled. */
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

  /** A single node may well be new; one that was known is not. */
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

  /** ms: only long leases that have been held for so long concern any of the nodes that abstain. */
  private age(): number {
    const memories = (this.before ?? []).flatMap((identification) => identification?.memory ?? []);
    const age = Math.min(...memories.map((memory) => neededAge(memory, this.terms)));
    return Number.isFinite(age) ? age : 0;
  }

  /** Null if it does not answer in time. One that is about to connect is waited for. */
  private async look(member: QuarantineMember, age: number): Promise<Identification | null> {
    const { node, server } = member;
    if (node.connection === "connecting") await this.change(node);
    // One that is silent is probed already: it must not be asked again and again meanwhile.
    return member.reachable && !this.closed ? this.bounded(server.ask(null, age)) : null;
  }

  private async carryOut(
    { server, settled }: QuarantineMember,
    plan: Plan | null,
    identification: Identification | null,
  ): Promise<number | null> {
    // One that has gone will be met again; one that says nothing is asked again.
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
    // What was overtaken by a later answer says nothing any more.
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
    // The same end, told again.
    if (until !== null && abstention?.until && Math.abs(until - abstention.until) < blur)
      until = abstention.until;
    server.accept(identification, { until, cause });
    settled();
    return ms === null ? longestPause : this.pauseFor(identification.memory, ms);
  }

  /** ms until the next look at a node that abstains for `left`. */
  private pauseFor(memory: Memory | null, left: number): number {
    const pause = Math.min(left, longestTimer);
    if (memory === null || memory.abstention === null || this.terms.rule !== "auto") return pause;
    const { until, least, settles, settled } = memory.abstention;
    const since = memory.now - settles;
    if (!settled) return Math.min(pause, since < 0 ? -since : longestPause);
    if (until <= least) return pause;
    const regular = Math.max(longWait.least, Math.min(since * longWait.share, longWait.most));
    // Several processes look; not all at the same time.
    return Math.min(pause, regular * (0.75 + this.random.fraction() / 2));
  }

  /** Null when it fails, or takes longer than a node may. */
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

  /** Resolves when the node's connection changes, or has not in time. */
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

  /** It is over when a node has taken as long as it may, or this is closed. Returns the end of it. */
  private wait(over: () => void): () => void {
    const timer = answerTimeout(this.clock, this.terms.nodeTimeout, over, true);
    this.waits.add(over);
    return () => {
      timer.cancel();
      this.waits.delete(over);
    };
  }
}

/** A quorum that nobody has any more is not to be kept by a node that is waited for. */
const again = (quarantine: WeakRef<Quarantine>) => () => quarantine.deref()?.request();

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
