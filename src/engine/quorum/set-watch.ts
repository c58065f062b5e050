import { sharedContext } from "../../support/async-context.js";
import type { LockNode } from "../node/lock-node.js";
import type { QuorumMember } from "../node/quorum-member.js";
import type { Membership } from "../protocol/membership.js";
import type { OtherSet } from "../protocol/mismatch.js";
import {
  describeSets,
  excludeEachOther,
  haveSameSize,
  isDescription,
  isJoint,
  listNodes,
  namesBoth,
  type SetRecord,
  type SetUse,
  setInUse,
  setLapse,
  setRefresh,
} from "../protocol/set-record.js";
import type { Clock, Timer } from "../time/clock.js";
import { Waits } from "./waits.js";

interface SetWatchOptions {
  readonly members: readonly QuorumMember[];
  readonly membership: Membership;
  readonly clock: Clock;
  readonly prefix: string;
  /** Describes the group of this set; empty without groups. */
  readonly describeGroup: () => string;
  /** Limit in ms for the answer of one node. */
  readonly nodeTimeout: number;
  /** Whether this set may grant something, as far as is known. If it cannot, its use is not recorded. */
  readonly canGrant: () => boolean;
  /** Whether acquisitions are refused while another set is in use. */
  readonly refuses: boolean;
  /** Called once for each other set. */
  readonly onOtherSet: (other: OtherSet) => void;
  /** Called when it has become known which sets use a node. */
  readonly onKnown: () => void;
}

/** What is known of the sets that use one node. */
interface NodeRecord {
  /** Null until the node has been asked. */
  uses: readonly SetUse[] | null;
  /** The highest fence that the node has accepted. */
  watermark: number;
  /** When `uses` was read, by the monotonic clock in ms. */
  readAt: number;
  /** The description of this set that was recorded last, and since when, by the monotonic clock in ms. */
  recorded: string;
  since: number;
  /** The request that is under way, if any. */
  asking: Promise<void> | null;
}

/** ms by which the record of another set must be later than the own one for both to be in use at the same time. */
const slackMs = 5_000;

/** ms by which a look of a set that is in use may be late. After more the set has been idle. */
const idleMs = 1_000;

/** ms between two comparisons of the highest fences while the nodes are being changed. */
const shareMs = 5_000;

/**
 * Records on each node that this set of nodes uses it, and notices other sets that use the same node and could grant the same
 * locks: a process was left out when the nodes were changed.
 */
export class SetWatch {
  private readonly records: readonly NodeRecord[];
  private readonly reported = new Set<string>();
  /** When the nodes are to be asked again, by the monotonic clock in ms. */
  private due = Number.POSITIVE_INFINITY;
  private timer: Timer | null = null;
  private closed = false;
  /** The look after an idle time, for as long as acquisitions must wait for it. */
  catchingUp: Promise<void> | null = null;
  private readonly waits: Waits;
  /** Whether something is to be acquired, and the nodes have been identified as far as possible. Before, nothing is recorded. */
  private recording = false;
  private hasNoOther = false;

  constructor(private readonly options: SetWatchOptions) {
    this.waits = new Waits(options.clock);
    this.records = options.members.map(() => ({
      uses: null,
      watermark: 0,
      readAt: 0,
      recorded: "",
      since: 0,
      asking: null,
    }));
  }

  /**
   * The nodes that are new to the set and may vote at once, as far as other sets are concerned: a quorum of the previous set
   * knows of no set in use that does without a quorum of the previous set, or whose description it cannot read. Null if that
   * is not known yet.
   */
  get joining(): readonly number[] | null {
    const [current, previous] = this.options.membership.sets;
    if (current === undefined || previous === undefined) return [];
    const isKnown = (member: number) => this.records[member]?.uses !== null;
    const isSafe = (member: number) => {
      const own = this.describe(member, [previous]);
      return (
        this.records[member]?.uses?.every(
          ({ sets }) => isDescription(sets) && excludeEachOther(sets, own),
        ) === true
      );
    };
    const known = previous.members.filter(isKnown);
    if (known.length < previous.quorum) return null;
    return !known.every(isSafe) ? [] : current.members.filter((member) => !previous.members.includes(member));
  }

  /** Another set that is in use, as far as is known. That there is none holds until something has been read or identified. */
  get other(): OtherSet | null {
    if (this.hasNoOther) return null;
    const [other = null] = this.records.flatMap((record, member) => this.othersAt(member, record));
    this.hasNoOther = other === null;
    return other;
  }

  /** The nodes of this set and, while they are being changed, of the previous one: see {@link listNodes}. */
  get nodes(): string {
    return listNodes(this.options.membership.sets, this.runIdOf);
  }

  /** Asks all identified nodes, and records this set there. Resolves when all have answered or failed. */
  async look(): Promise<void> {
    if (this.closed) return;
    this.due = this.options.clock.monotonic() + setRefresh;
    await Promise.all(this.records.map((record, member) => this.lookAt(member, record)));
    if (this.options.membership.joint && this.recording) await this.shareWatermark();
  }

  /**
   * Raises the highest fence of every node to that of all nodes, so that the new set gives no lower fence than the previous
   * one. Repeated at intervals, because processes with the previous set alone may raise it further.
   */
  private async shareWatermark(): Promise<void> {
    const highest = Math.max(...this.records.map(({ watermark }) => watermark));
    const lower = (record: NodeRecord) => record.uses !== null && record.watermark < highest;
    await Promise.all(
      this.records.map((record, member) => (lower(record) ? this.lookAt(member, record, highest) : null)),
    );
    this.timer?.cancel();
    if (this.closed) return;
    this.timer = this.options.clock.after(shareMs, weakLook(new WeakRef(this)), true);
  }

  /** The nodes have been identified as far as possible, and acquisitions begin. Resolves when all nodes have been asked. */
  begin(): Promise<void> {
    this.recording = true;
    return this.look();
  }

  /** A node has been identified, so the descriptions may have changed. */
  identified(): void {
    this.hasNoOther = false;
    // The server may have lost its record, or could not be asked when the use of this set was to be recorded.
    if (this.recording) this.due = Math.min(this.due, this.options.clock.monotonic());
    // What the nodes say decides about the first acquisition.
    const early = this.options.refuses || this.options.membership.joint;
    if (!this.recording && !early) return;
    if (this.records.some((record, member) => this.isStale(record, member))) void this.look();
  }

  /** Called when the set begins to be used, and then at intervals: records that. */
  used(): void {
    const late = this.options.clock.monotonic() - this.due;
    if (late < 0) return;
    const look = this.look();
    if (!this.options.refuses || late < idleMs) return;
    this.catchingUp = look.then(() => {
      this.catchingUp = null;
    });
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
    this.waits.endAll();
  }

  private readonly runIdOf = (member: number): string | null =>
    this.options.members[member]?.server.runId ?? null;

  private isStale(record: NodeRecord, member: number): boolean {
    return record.uses === null || (this.inUse && record.recorded !== this.describe(member));
  }

  /** Whether the use of this set is to be recorded. */
  private get inUse(): boolean {
    return this.recording && this.options.canGrant();
  }

  private async lookAt(member: number, record: NodeRecord, watermark = 0): Promise<void> {
    const { node, server, reachable } = this.options.members[member] as QuorumMember;
    if (this.closed || !reachable || !server.known || node.recordSets === undefined) return;
    if (record.asking !== null) {
      await record.asking;
      // The request may have been sent before this set had another description.
      if (record.asking !== null || this.closed) return;
      if (watermark === 0 && !this.isStale(record, member)) return;
    }
    record.asking = this.ask(member, record, node, watermark);
    await record.asking;
  }

  private async ask(member: number, record: NodeRecord, node: LockNode, watermark: number): Promise<void> {
    const { clock } = this.options;
    const own = this.inUse ? this.describe(member) : "";
    const former = record.recorded === own ? "" : record.recorded;
    const answer = await this.bounded(() =>
      sharedContext.runInAsyncScope(() => node.recordSets?.(own, former, watermark)),
    );
    record.asking = null;
    if (answer === null || this.closed) return;
    if (own !== "" && own !== record.recorded) {
      record.recorded = own;
      record.since = clock.monotonic();
    }
    this.hasNoOther = false;
    record.uses = answer.uses;
    record.watermark = answer.watermark;
    record.readAt = clock.monotonic();
    for (const other of this.othersAt(member, record)) this.report(other);
    if (this.options.membership.joint) this.options.onKnown();
  }

  /** Resolves to null if the node does not answer in time, refuses, or cannot be asked. */
  private bounded(ask: () => Promise<SetRecord> | undefined): Promise<SetRecord | null> {
    return new Promise((resolve) => {
      const end = this.waits.start(this.options.nodeTimeout, () => resolve(null));
      const done = (answer: SetRecord | null) => {
        end();
        resolve(answer);
      };
      // The user may have written the node: it may throw, and answer with anything.
      Promise.resolve()
        .then(ask)
        .then(
          (answer) => done(isSetRecord(answer) ? answer : null),
          () => done(null),
        );
    });
  }

  private report(other: OtherSet): void {
    if (this.reported.has(other.sets)) return;
    this.reported.add(other.sets);
    this.options.onOtherSet(other);
  }

  private othersAt(member: number, record: NodeRecord): OtherSet[] {
    const { members, clock } = this.options;
    const own = this.describe(member);
    const node = members[member]?.name ?? "";
    const uses = (record.uses ?? []).filter(({ sets }) => isDescription(sets));
    const now = clock.monotonic();
    const joint = uses.filter((use) => isJoint(use.sets));
    // Sets of one procedure: the processes with the one must have ended before those with the other begin.
    const areLinked = (sets: string) =>
      joint.some((use) => excludeEachOther(use.sets, own) && excludeEachOther(use.sets, sets));
    // A set of the same size may be this set before a restart of a node, unless both were named at the same time.
    const mayBeOne = (sets: string) =>
      haveSameSize(sets, own) && !joint.some((use) => namesBoth(use.sets, own, sets));
    const areInUseTogether = (age: number) => age < now - record.since - slackMs;
    const conflicts = (sets: string, age: number) =>
      areInUseTogether(age) || (!mayBeOne(sets) && (age < setInUse || !areLinked(sets)));
    return uses
      .map(({ sets, age }) => ({ sets, age: age + now - record.readAt, node, own }))
      .filter(({ sets, age }) => age < setLapse && !excludeEachOther(sets, own))
      .filter(({ sets, age }) => conflicts(sets, age));
  }

  private describe(member: number, sets = this.options.membership.sets): string {
    const { prefix, describeGroup } = this.options;
    return describeSets(sets, member, this.runIdOf, prefix, describeGroup());
  }
}

/** A weak reference: the timer must not keep an unreferenced engine alive. */
const weakLook = (watch: WeakRef<SetWatch>) => () => void watch.deref()?.look();

const isSetRecord = (answer: unknown): answer is SetRecord => {
  const { uses, watermark } = (answer ?? {}) as { readonly [Name in keyof SetRecord]: unknown };
  return Array.isArray(uses) && typeof watermark === "number";
};
