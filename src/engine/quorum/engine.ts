import type { QuarantineRule } from "../node/abstention.js";
import type { LockNode } from "../node/lock-node.js";
import { Quarantine } from "../node/quarantine.js";
import { QuorumMember } from "../node/quorum-member.js";
import type { CallObserver, Observation } from "../node/quorum-member-options.js";
import type { KnownServers } from "../node/server-identity.js";
import { FenceSource } from "../protocol/fence.js";
import { Membership } from "../protocol/membership.js";
import type { OtherSet } from "../protocol/mismatch.js";
import { afterPoll, type Clock } from "../time/clock.js";
import type { Random } from "../time/random.js";
import { TickBatcher } from "../time/tick-batcher.js";
import { TimerWheel } from "../time/timer-wheel.js";
import { Admission } from "./admission.js";
import { Claims } from "./claims.js";
import type { EngineGroup } from "./engine-group.js";
import { type GroupedRenewal, GroupRound } from "./group-round.js";
import { NodeInspector } from "./node-inspector.js";
import type { RoundContext } from "./round.js";
import { SetWatch } from "./set-watch.js";
import { WakeupChannel } from "./wakeup-channel.js";

export interface EngineOptions {
  readonly nodes: readonly LockNode[];
  /** The sets of nodes whose quorums must all agree, as indices in `nodes`. Default: one set of all nodes. */
  readonly sets?: readonly (readonly number[])[];
  readonly clock: Clock;
  readonly random: Random;
  readonly owner: string;
  /** Limit in ms for the answer of one node. */
  readonly nodeTimeout: number;
  /** Limit in ms for a node to connect, and to be identified. */
  readonly connectTimeout: number;
  /** Whether the commands to a node in one tick of the event loop are sent as one call. */
  readonly grouping: boolean;
  /** Whether an engine that was not closed may be garbage-collected. Default false. */
  readonly collectable?: boolean;
  /** How long a node that lost its memory abstains. */
  readonly quarantine: QuarantineRule;
  readonly driftFactor: number;
  /** The usual ttl in ms. */
  readonly ttl: number;
  /** The treatment of a node whose server hides its identity, if there are several nodes. */
  readonly unidentified: "warn" | "allow" | "refuse";
  /** Called once per node that hides its identity, if `unidentified` is "warn". */
  readonly onUnidentified: (node: string) => void;
  /** Called once per node whose loss of memory would not be detected. */
  readonly onUnwatched: (node: string) => void;
  /** `node`: the index in `nodes`. `until`: see {@link QuorumMemberOptions.observe}. */
  readonly observe: (node: number, observation: Observation, cause?: string, until?: number | null) => void;
  /** Receives response times while `any` is true. */
  readonly callObserver?: CallObserver;
  /** Called when the connection to a node is silent and could not be replaced. */
  readonly onSilent: (node: string, why: "busy" | "impossible") => void;
  /** The prefix of the keys of all locks. */
  readonly prefix: string;
  /** The group of these nodes, if resources are spread over several groups. */
  readonly group?: EngineGroup | undefined;
  /** Whether these nodes may grant something together, as far as is known. A set that cannot leaves no record. */
  readonly canGrant: () => boolean;
  /** How other sets of nodes that are in use on these nodes are treated. */
  readonly otherSets: "warn" | "allow" | "refuse";
  /** Called once for each other set of nodes that is in use on these nodes. */
  readonly onOtherSet: (other: OtherSet) => void;
  /** Called when a node votes again, after a time in which it was not sent everything. */
  readonly onVotesAgain: () => void;
  /** Called when none of the nodes has a memory, and they vote nevertheless. */
  readonly onColdStart: (nodes: readonly string[], known: boolean) => void;
}

/** Interval in ms at which `delivered` checks whether nodes have accepted their releases. */
const deliveryPollMs = 20;

/**
 * The quorum of nodes. The engine manages the nodes; it knows nothing of locks and their states. A
 * server that would vote twice is refused.
 */
export class QuorumEngine {
  readonly members: readonly QuorumMember[];
  readonly membership: Membership;
  readonly fences: FenceSource;
  readonly claims: Claims;
  private readonly roundContext: RoundContext;
  private readonly quarantine: Quarantine;
  readonly batcher: TickBatcher;
  readonly timerWheel: TimerWheel;
  readonly wakeupChannel: WakeupChannel;
  readonly admission: Admission;
  readonly inspection: NodeInspector;
  private readonly setWatch: SetWatch;
  /** Names of the nodes that a warning was reported for. */
  private readonly warned = new Set<string>();

  constructor(private readonly options: EngineOptions) {
    const { nodes, clock, random, nodeTimeout, collectable = false, observe, callObserver = null } = options;
    const batcher = new TickBatcher(options.grouping);
    this.fences = new FenceSource(clock, random);
    const knownServers: KnownServers = options.group?.knownServers ?? [];
    const checksMemory = options.quarantine !== false;
    const names = distinct(nodes.map(({ name }) => name));
    this.membership = new Membership(names, options.sets);
    const single = nodes.length === 1 && !this.membership.joint;
    this.members = nodes.map((node, index) => {
      const name = names[index] ?? node.name;
      return new QuorumMember({
        name,
        node,
        index,
        clock,
        random,
        batcher,
        nodeTimeout,
        connectTimeout: options.connectTimeout,
        knownServers,
        single,
        checksMemory,
        admitsNameless: options.unidentified !== "refuse" || nodes.length === 1,
        collectable,
        observe: (observation, cause, until) => observe(index, observation, cause, until),
        callObserver,
        decides: () => this.admission.begun,
        onIdentified: () => this.onIdentified(name),
        onVotesAgain: options.onVotesAgain,
        onStuck: (why) => options.onSilent(name, why),
      });
    });
    this.quarantine = new Quarantine(
      this.members,
      this.membership,
      clock,
      random,
      { rule: options.quarantine, driftFactor: options.driftFactor, nodeTimeout, ttl: options.ttl },
      options.onColdStart,
      () => this.setWatch.joining,
    );
    this.setWatch = new SetWatch({
      members: this.members,
      membership: this.membership,
      clock,
      prefix: options.prefix,
      describeGroup: () => options.group?.describe() ?? "",
      nodeTimeout,
      canGrant: options.canGrant,
      refuses: options.otherSets === "refuse",
      onOtherSet: options.onOtherSet,
      onKnown: () => this.reviewMemories(),
    });
    this.admission = new Admission(
      this.members,
      this.membership,
      clock,
      options.connectTimeout,
      () => this.begin(),
      () => this.recordSets(),
    );
    this.inspection = new NodeInspector(this.members, clock, {
      connect: options.connectTimeout,
      answer: nodeTimeout,
    });
    this.batcher = batcher;
    this.timerWheel = new TimerWheel(clock, batcher);
    this.wakeupChannel = new WakeupChannel(nodes, this.membership, clock, options.random);
    const { members, timerWheel, membership } = this;
    this.roundContext = { members, membership, clock, timerWheel };
    this.claims = new Claims(this.roundContext, options.owner, random);
  }

  /** Whether all nodes can renew many leases by one command. */
  get renewsEach(): boolean {
    return this.members.every(({ node }) => node.renewsEach === true);
  }

  /** Renews claims for `ttl` ms by one command to each node. */
  renewTogether(renewals: readonly GroupedRenewal[], ttl: number, timeout: number): void {
    new GroupRound(this.roundContext, renewals, ttl, timeout);
  }

  /** Called at intervals while something is being acquired or held. */
  used(): void {
    this.setWatch.used();
  }

  /** Another set of nodes that is in use on these nodes, if that is refused; else null. */
  get otherSet(): OtherSet | null {
    return this.options.otherSets === "refuse" ? this.setWatch.other : null;
  }

  /** The servers of these nodes, as the records of sets describe them. */
  get servers(): string {
    return this.setWatch.nodes;
  }

  /** A node of another group has been identified, so the descriptions may have changed. */
  reviewRecords(): void {
    this.setWatch.identified();
  }

  /** Whether an attempt may begin: the nodes are identified, and if other sets are refused, it is known which are in use. */
  get prepared(): boolean {
    return this.admission.admitted && this.setWatch.catchingUp === null;
  }

  /** Resolves when an attempt may begin. */
  prepare(): Promise<void> {
    return this.setWatch.catchingUp ?? this.admission.admit();
  }

  /** Whether a quorum of nodes votes now. */
  get hasVotingQuorum(): boolean {
    return this.membership.isQuorum((index) => this.members[index]?.votes === true);
  }

  /** Calls back when everything that was requested so far has been written to the sockets. */
  whenWritten(callback: () => void): void {
    const later = this.members.some(({ node }) => node.writesLater === true);
    this.batcher.whenFlushed(later ? () => afterPoll(this.options.clock, callback) : callback);
  }

  /**
   * Waits until a quorum of nodes has accepted every release, and until all reachable nodes have accepted the releases
   * that their clients refused. Nodes that are not connected are not waited for. The wait ends after `ms` at the latest.
   */
  async delivered(ms: number): Promise<void> {
    const { clock } = this.options;
    const end = clock.monotonic() + ms;
    const isOver = () =>
      this.membership.isQuorum((index) => this.members[index]?.hasUndeliveredRelease === false) &&
      !this.members.some(({ hasRefusedRelease }) => hasRefusedRelease);
    for (let left = ms; left > 0 && !isOver(); ) {
      await new Promise<void>((resolve) => clock.after(Math.min(deliveryPollMs, left), resolve));
      left = end - clock.monotonic();
    }
  }

  async close(): Promise<void> {
    this.admission.close();
    this.inspection.close();
    this.quarantine.close();
    this.setWatch.close();
    this.wakeupChannel.close();
    await Promise.all(this.members.map((member) => member.close()));
  }

  /** A node has been identified. Waiting inspections and the quarantine may proceed. */
  private onIdentified(name: string): void {
    this.inspection.identified();
    if (this.options.group === undefined) this.reviewRecords();
    else this.options.group.identified();
    const member = this.members.find((one) => one.name === name);
    this.fences.follow(member?.server.watermark ?? 0);
    if (member !== undefined && !this.warned.has(name)) this.warnAbout(member);
    this.reviewMemories();
  }

  /** Something is to be acquired for the first time. */
  private begin(): void {
    this.reviewMemories();
    this.options.group?.begun();
  }

  /** Null: the first acquisition need not wait, because other sets of nodes are not refused. */
  private recordSets(): Promise<void> | null {
    const { group, otherSets } = this.options;
    const recorded = this.setWatch.begin();
    const all = group === undefined ? recorded : recorded.then(() => group.recorded());
    return otherSets === "refuse" ? all : null;
  }

  private warnAbout({ name, server, node }: QuorumMember): void {
    const { unidentified, quarantine, onUnidentified, onUnwatched } = this.options;
    const single = this.members.length === 1;
    const nameless = !single && server.anonymous && server.remembers;
    // A single node votes at once after a loss, unless it is to abstain for a given time.
    const watched = quarantine !== false && (!single || (typeof quarantine === "number" && quarantine > 0));
    if (!nameless && (!server.storesNothing || node.sharded || !watched)) return;
    if (nameless && unidentified !== "warn") return;
    this.warned.add(name);
    if (nameless) onUnidentified(name);
    else onUnwatched(name);
  }

  /** Starts a quarantine review if a node has no memory. Without an acquisition nothing is changed on the nodes. */
  private reviewMemories(): void {
    const lacksMemory = this.members.some(({ server }) => server.known && !server.remembers);
    if (lacksMemory && this.admission.begun) this.quarantine.request();
  }
}

/** Makes repeated names unique: "a", "a (2)". */
function distinct(names: readonly string[]): string[] {
  return names.map((name, index) => {
    const before = names.slice(0, index).filter((other) => other === name).length;
    return before === 0 ? name : `${name} (${before + 1})`;
  });
}
