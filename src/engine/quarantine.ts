import { isColdStart, type Plan, planFor, type Terms, type View } from "./abstention.js";
import type { Acquaintance } from "./acquaintance.js";
import type { Clock, Timer } from "./clock.js";
import type { Introduction } from "./memory.js";
import type { LockNode } from "./node.js";

/** A node of the quorum, as far as its memory is concerned. */
export interface Member {
  readonly name: string;
  readonly node: LockNode;
  readonly server: Acquaintance;
  /** What is known of its server has changed. */
  settled(): void;
}

/** ms before the first look at others that may be about to begin. The pauses double. */
const shortestPause = 10;
/** ms between two looks at nodes that cannot be reached, or take no memory. */
const longestPause = 1_000;

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
  private readonly names: readonly string[];

  constructor(
    private readonly members: readonly Member[],
    private readonly clock: Clock,
    private readonly terms: Terms,
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
    const introductions = await Promise.all(this.members.map((member) => this.look(member)));
    if (this.closed) return null;
    const view = { names: this.names, introductions, looks: this.looks };
    const plans = this.members.map((_, index) => planFor(index, view, this.terms));
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
  private warn(view: View, plans: readonly (Plan | null)[]): void {
    const cold = this.names.filter((_, index) => plans[index]?.kind === "change");
    const alone = this.members.length === 1;
    if (
      this.terms.rule === "auto" &&
      cold.length > 0 &&
      (alone ? this.members[0]?.server.hasRemembered : isColdStart(view))
    )
      this.onColdStart(cold);
  }

  /** Null if it does not answer in time. One that is about to connect is waited for. */
  private async look({ node, server }: Member): Promise<Introduction | null> {
    if (node.connection === "connecting") await this.change(node);
    return node.connection === "ready" && !this.closed ? this.bounded(server.ask(null)) : null;
  }

  private async carryOut(
    { server, settled }: Member,
    plan: Plan | null,
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
    const timer = this.clock.after(this.terms.patience, over, true);
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
