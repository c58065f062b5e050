import type { Acquaintance } from "./acquaintance.js";
import type { Clock, Timer } from "./clock.js";
import type { Introduction, Memory, MemoryChange } from "./memory.js";
import type { LockNode } from "./node.js";
import { quorumOf } from "./quorum.js";
import { driftOf } from "./validity.js";

/**
 * How long a node that lost its memory abstains. "auto": for the longest ttl that the others were ever asked for; a
 * single node, and a whole set without any memory, vote at once. A number: for so many ms, whatever the others say. False: not
 * at all, and what is lost is not looked for.
 */
export type QuarantineRule = "auto" | number | false;

/** A node of the quorum, as far as its memory is concerned. */
export interface Member {
  readonly name: string;
  readonly node: LockNode;
  readonly server: Acquaintance;
  /** What is known of its server has changed. */
  settled(): void;
}

/** What a node that cannot vote is to do next. */
type Plan =
  | { readonly kind: "change"; readonly change: MemoryChange; readonly cause: string }
  /** Once more, in a moment. */
  | { readonly kind: "look" }
  /** `ms`: null if it cannot be known yet. */
  | { readonly kind: "wait"; readonly ms: number | null; readonly cause: string }
  | null;

/** What one look at all nodes shows. */
interface View {
  readonly introductions: readonly (Introduction | null)[];
  readonly answered: number;
}

/** Where it is not clear whether others are just about to begin: so many looks, and ms before the first. The pauses double. */
const mostLooks = 4;
const shortestPause = 10;
/** ms between two looks at nodes that cannot be reached, or take no memory. */
const longestPause = 1_000;
/** Beyond this a sum of times would not be exact any more. */
const longestAbstention = 2 ** 52;

/**
 * Decides when a node that lost its memory votes again (Redis documentation, "Distributed Locks with Redis": delayed
 * restarts): when every lease that it may have granted has run out. All leases were granted by a quorum, so that of more
 * than n − quorum other nodes one knows the ttl of each. The decision stands on the node itself, for all processes.
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

  constructor(
    private readonly members: readonly Member[],
    private readonly clock: Clock,
    private readonly rule: QuarantineRule,
    private readonly options: {
      readonly driftFactor: number;
      /** ms that a node may take to answer, and to connect. */
      readonly patience: number;
      /** ms; what is taken for the longest ttl where the others cannot tell. */
      readonly ttl: number;
      /** The whole set has no memory, and votes all the same. */
      readonly onColdStart: (nodes: readonly string[]) => void;
    },
  ) {}

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
    const introductions = await Promise.all(this.members.map((member) => this.look(member)));
    if (this.closed) return null;
    const view = { introductions, answered: introductions.filter((one) => one !== null).length };
    const plans = this.members.map((_, index) => this.planFor(index, view));
    this.warn(view, plans);
    this.looks = plans.some((plan) => plan?.kind === "look") ? this.looks + 1 : 0;
    const pauses = await Promise.all(
      this.members.map((member, index) =>
        this.carryOut(member, plans[index] ?? null, introductions[index] ?? null),
      ),
    );
    const next = pauses.filter((pause) => pause !== null);
    return next.length === 0 ? null : Math.min(...next);
  }

  /** A single node may well be new; one that was known is not. */
  private warn(view: View, plans: readonly Plan[]): void {
    const cold = this.members.filter((_, index) => plans[index]?.kind === "change").map(({ name }) => name);
    const alone = this.members.length === 1;
    if (
      this.rule === "auto" &&
      cold.length > 0 &&
      (alone ? this.members[0]?.server.hasRemembered : this.isColdStart(view))
    )
      this.options.onColdStart(cold);
  }

  /** Null if it does not answer in time. One that is about to connect is waited for. */
  private async look({ node, server }: Member): Promise<Introduction | null> {
    if (node.connection === "connecting") await this.change(node);
    return node.connection === "ready" && !this.closed ? this.bounded(server.ask(null)) : null;
  }

  private async carryOut(
    { server, settled }: Member,
    plan: Plan,
    introduction: Introduction | null,
  ): Promise<number | null> {
    // One that has gone will be met again; one that says nothing is asked again.
    if (introduction === null) return server.met && !server.remembers ? longestPause : null;
    if (plan === null) return this.accept(server, settled, introduction);
    if (plan.kind === "look") return shortestPause * 2 ** (this.looks - 1);
    if (plan.kind === "wait") return this.abstain(server, settled, introduction, plan.ms, plan.cause);
    let refusal = "does not answer";
    const changed = await this.bounded(server.ask(plan.change), (error) => {
      refusal = messageOf(error);
    });
    if (changed === null) {
      const cause = `it has no memory, and takes none: ${refusal}`;
      return this.abstain(server, settled, introduction, null, cause);
    }
    const { memory } = changed;
    if (memory === null || memory.state === "kept") return this.accept(server, settled, changed);
    return this.abstain(server, settled, changed, memory.state === "lost" ? null : memory.left, plan.cause);
  }

  private accept(server: Acquaintance, settled: () => void, introduction: Introduction): number | null {
    // What was overtaken by a later answer says nothing any more.
    if (!server.accept(introduction)) return longestPause;
    settled();
    return null;
  }

  private abstain(
    server: Acquaintance,
    settled: () => void,
    introduction: Introduction,
    ms: number | null,
    cause: string,
  ): number {
    server.accept(introduction, { until: ms === null ? null : this.clock.monotonic() + ms, cause });
    settled();
    return ms ?? longestPause;
  }

  private planFor(index: number, view: View): Plan {
    const memory = view.introductions[index]?.memory ?? null;
    if (memory === null || memory.state === "kept") return null;
    const { rule } = this;
    if (memory.state === "abstaining") {
      if (memory.left > 0) return { kind: "wait", ms: memory.left, cause: "it lost its memory" };
      // Also where it has abstained for long enough: the highest fence may be known only to one that is away.
      if (rule !== false && !this.isCertain(index, view) && view.answered < this.members.length)
        return { kind: "wait", ms: null, cause: this.missing(view) };
      // A round that was under way when it forgot has reached the others since, with a longer ttl than they knew of.
      const late = this.longest(index, view) - memory.longest;
      if (rule === "auto" && late > 0) return this.quarantine(index, memory, view, late);
      return this.vote(index, memory, view);
    }
    if (rule === "auto") return this.planForLost(index, memory, view);
    return rule === false ? this.vote(index, memory, view) : this.quarantine(index, memory, view, rule);
  }

  private planForLost(index: number, memory: Memory, view: View): Plan {
    if (this.members.length === 1) return this.vote(index, memory, view);
    const longest = this.longest(index, view);
    if (this.isCertain(index, view)) {
      if (longest === 0 && this.looks < mostLooks) return { kind: "look" };
      // What it granted just before it forgot may still be on its way to the others.
      return this.quarantine(index, memory, view, Math.max(longest, this.options.patience));
    }
    if (this.isColdStart(view)) return this.vote(index, memory, view);
    const everybody = view.answered === this.members.length;
    // Others may be about to give this set its first memory.
    if (this.looks < mostLooks && (everybody || longest === 0)) return { kind: "look" };
    if (!everybody) {
      const cause = `${this.missing(view)} (quarantine 0 takes it for new)`;
      return { kind: "wait", ms: null, cause };
    }
    return this.quarantine(index, memory, view, Math.max(longest, this.options.ttl));
  }

  private quarantine(index: number, memory: Memory, view: View, ttl: number): Plan {
    const abstain = ttl === 0 || this.rule !== "auto" ? ttl : ttl + driftOf(ttl, this.options.driftFactor);
    return this.renewal(index, memory, view, Math.min(abstain, longestAbstention));
  }

  private vote(index: number, memory: Memory, view: View): Plan {
    return this.renewal(index, memory, view, 0);
  }

  private renewal(index: number, memory: Memory, view: View, abstain: number): Plan {
    const watermarks = this.others(index, view).map(({ watermark }) => watermark);
    const change = {
      marker: memory.marker,
      abstain,
      longest: Math.max(this.longest(index, view), memory.state === "abstaining" ? memory.longest : 0),
      watermark: Math.max(0, ...watermarks),
    };
    return { kind: "change", change, cause: "it lost its memory" };
  }

  /** What the other nodes know: those that abstain know what was granted before they did. */
  private others(index: number, { introductions }: View): Memory[] {
    return introductions.flatMap((introduction, other) => {
      const memory = introduction?.memory ?? null;
      return other === index || memory === null || memory.state === "lost" ? [] : [memory];
    });
  }

  private longest(index: number, view: View): number {
    return Math.max(0, ...this.others(index, view).map(({ longest }) => longest));
  }

  /** Whether every quorum that this node was part of has another member among those that can tell. */
  private isCertain(index: number, view: View): boolean {
    const nodes = this.members.length;
    return this.others(index, view).length > nodes - quorumOf(nodes);
  }

  /** Nobody knows of anything that was ever granted. One that says nothing may know. */
  private isColdStart({ introductions, answered }: View): boolean {
    const answers = introductions.filter((introduction) => introduction !== null);
    return (
      answered === this.members.length &&
      answers.every(({ memory }) => memory !== null && (memory.state === "lost" || memory.longest === 0))
    );
  }

  private missing({ introductions }: View): string {
    const silent = this.members.filter((_, index) => introductions[index] === null).map(({ name }) => name);
    const others = silent.join(", ");
    return `it has no memory; whether it is new, or how long it must abstain, is known only when ${others} can be asked`;
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
    const timer = this.clock.after(this.options.patience, over, true);
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
