import type { LockNode, Reply } from "../../engine/node/lock-node.js";
import { QuorumEngine } from "../../engine/quorum/engine.js";
import { afterPoll } from "../../engine/time/clock.js";
import { TimerWheel } from "../../engine/time/timer-wheel.js";
import { RenewalGroups } from "../../lock/renewal-groups.js";
import type { ManagerSettings } from "../../lock/settings.js";
import { afterJobs } from "../../support/platform.js";
import { slotIn } from "../lease-slots.js";
import type { FromWorker, ToWorker, WorkerStart } from "../messages.js";
import { SharedClock } from "../shared-clock.js";
import { type KeeperContext, KeptLease } from "./kept-lease.js";
import { ServedNode } from "./served-node.js";

/**
 * The worker: it has the connections, executes what the main thread asks, and renews the leases that the main thread does not
 * renew in time, over the same connections.
 */
export class WorkerHost implements KeeperContext {
  readonly engine: QuorumEngine;
  readonly sharedClock: SharedClock;
  readonly groups: RenewalGroups;
  readonly background: TimerWheel;
  readonly stallLimit: number;
  lastHeard: number;
  private readonly nodes: readonly ServedNode[];
  private readonly leases = new Map<number, KeptLease>();
  /** The tokens of leases that were lost here, until the main thread has ended them, too. */
  private readonly lostTokens = new Set<string>();
  private readonly pages: SharedArrayBuffer[] = [];
  private readonly subscriptions = new Map<number, (() => void) | null>();
  private readonly handled: Int32Array;
  private outgoing: FromWorker[] = [];
  private replies: [number, Reply][] = [];
  private scheduled = false;

  constructor(
    start: Pick<WorkerStart, "sets" | "stallLimit" | "handled">,
    nodes: readonly LockNode[],
    readonly settings: ManagerSettings,
    private readonly post: (messages: readonly FromWorker[]) => void,
    sharedClock = new SharedClock(settings.clock),
  ) {
    this.stallLimit = start.stallLimit;
    this.handled = new Int32Array(start.handled);
    this.sharedClock = sharedClock;
    // Findings about the nodes are reported by the engine of the main thread, which sees the same nodes.
    this.engine = new QuorumEngine({
      ...settings,
      nodes: nodes.map(withoutRecords),
      sets: start.sets,
      canGrant: () => true,
      otherSets: "allow",
      observe: ignore,
      onOtherSet: ignore,
      onVotesAgain: ignore,
      onSilent: ignore,
      onColdStart: ignore,
      onUnidentified: ignore,
      onUnwatched: ignore,
    });
    this.groups = new RenewalGroups(this.engine, settings);
    this.background = new TimerWheel(settings.clock, this.engine.batcher, true);
    this.lastHeard = settings.clock.monotonic();
    const tell = (message: FromWorker) => this.tell(message);
    const reply = (number: number, answer: Reply) => {
      this.replies.push([number, answer]);
      this.schedule();
    };
    const isLost = (token: string) => this.lostTokens.has(token);
    this.nodes = nodes.map((node, index) => new ServedNode(node, index, tell, reply, isLost));
  }

  get size(): number {
    return this.leases.size;
  }

  /** Handles one posting of the main thread. */
  receive(messages: readonly ToWorker[]): void {
    const { clock } = this.settings;
    this.lastHeard = clock.monotonic();
    for (const message of messages) this.handle(message);
    const count = () => {
      Atomics.add(this.handled, 0, 1);
      Atomics.notify(this.handled, 0);
    };
    if (this.nodes.some(({ node }) => node.writesLater === true)) afterPoll(clock, count);
    else count();
  }

  renewed(lease: number, votes: Parameters<KeeperContext["renewed"]>[1]): void {
    this.tell({ type: "renewed", lease, votes });
  }

  lost(lease: number): void {
    this.lostTokens.add(this.leases.get(lease)?.claim.token ?? "");
    this.tell({ type: "lost", lease });
  }

  private handle(message: ToWorker): void {
    switch (message.type) {
      case "batch":
        return this.nodes[message.node]?.execute(message);
      case "connect":
        return this.nodes[message.node]?.connect();
      case "replace":
        return this.nodes[message.node]?.replace();
      case "call":
        return this.nodes[message.node]?.call(message);
      case "subscribe":
        this.subscriptions.set(message.subscription, this.nodes[message.node]?.subscribe(message) ?? null);
        return;
      case "unsubscribe":
        this.subscriptions.get(message.subscription)?.();
        this.subscriptions.delete(message.subscription);
        return;
      case "page":
        this.pages.push(message.page);
        return;
      case "keep":
        // The nodes are identified before the first renewal is due.
        if (!this.engine.prepared) void this.engine.prepare();
        this.leases.set(message.lease, new KeptLease(this, message, slotIn(this.pages, message.slot)));
        return;
      case "upgraded":
        return this.leases.get(message.lease)?.upgraded(message.place);
      case "confirmed":
        for (const lease of message.leases) this.leases.get(lease)?.confirmed(message.start, message.ttl);
        return;
      case "drop":
        return this.leases.get(message.lease)?.drop();
      case "end":
        return this.leases.get(message.lease)?.end();
      case "over":
        return this.over(message.lease, message.handedOver);
      case "alive":
        return;
    }
  }

  private over(lease: number, handedOver: boolean): void {
    const kept = this.leases.get(lease);
    if (kept === undefined) return;
    kept.close(handedOver);
    this.leases.delete(lease);
    this.lostTokens.delete(kept.claim.token);
  }

  private tell(message: FromWorker): void {
    this.passReplies();
    this.outgoing.push(message);
    this.schedule();
  }

  /** The replies keep their place among the changes of connections: a lost request is answered before the next connection. */
  private passReplies(): void {
    if (this.replies.length === 0) return;
    this.outgoing.push({ type: "replies", replies: this.replies });
    this.replies = [];
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    afterJobs(this.flush);
  }

  private readonly flush = (): void => {
    this.scheduled = false;
    this.passReplies();
    const { outgoing } = this;
    this.outgoing = [];
    if (outgoing.length > 0) this.post(outgoing);
  };
}

/** The main thread records which sets of nodes are in use; it knows of the groups. */
const withoutRecords = (node: LockNode): LockNode =>
  new Proxy(node, {
    get(target, property) {
      const value: unknown = property === "recordSets" ? undefined : Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

const ignore = () => {};
