import { sharedContext } from "../../support/async-context.js";
import type { LockNode } from "../node/lock-node.js";
import type { QuorumMember } from "../node/quorum-member.js";
import type { Membership } from "../protocol/membership.js";
import type { OtherSet } from "../protocol/mismatch.js";
import {
  describeSets,
  excludeEachOther,
  haveSameSizes,
  isJoint,
  type SetUse,
  setLapse,
  setRefresh,
} from "../protocol/set-record.js";
import { answerTimeout, type Clock } from "../time/clock.js";

interface SetWatchOptions {
  readonly members: readonly QuorumMember[];
  readonly membership: Membership;
  readonly clock: Clock;
  readonly prefix: string;
  /** Limit in ms for the answer of one node. */
  readonly nodeTimeout: number;
  /** Whether the nodes are asked as soon as they are identified: the answer decides about the first acquisition. */
  readonly early: boolean;
  /** Called once for each other set. */
  readonly onOtherSet: (other: OtherSet) => void;
  /** Called when it has become known which sets use a node. */
  readonly onKnown: () => void;
}

/** What is known of the sets that use one node. */
interface NodeRecord {
  /** Null until the node has been asked. */
  uses: readonly SetUse[] | null;
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

/**
 * Records on each node that this set of nodes uses it, and notices other sets that use the same node and could grant the same
 * locks: a process was left out when the nodes were changed.
 */
export class SetWatch {
  private readonly records: readonly NodeRecord[];
  private readonly reported = new Set<string>();
  /** When the nodes are to be asked again, by the monotonic clock in ms. */
  private due = Number.POSITIVE_INFINITY;
  private closed = false;
  /** Whether something is to be acquired, and the nodes have been identified as far as possible. Before, nothing is recorded. */
  private recording = false;

  constructor(private readonly options: SetWatchOptions) {
    this.records = options.members.map(() => ({
      uses: null,
      readAt: 0,
      recorded: "",
      since: 0,
      asking: null,
    }));
  }

  /**
   * The nodes that are new to the set and may vote at once, as far as other sets are concerned: a quorum of the previous set
   * knows of no set in use that does without a quorum of the previous set. Null if that is not known yet.
   */
  get joining(): readonly number[] | null {
    const [current, previous] = this.options.membership.sets;
    if (current === undefined || previous === undefined) return [];
    const isKnown = (member: number) => this.records[member]?.uses !== null;
    const isSafe = (member: number) => {
      const own = this.describe(member, [previous]);
      return this.records[member]?.uses?.every(({ sets }) => excludeEachOther(sets, own)) === true;
    };
    const known = previous.members.filter(isKnown);
    if (known.length < previous.quorum) return null;
    return !known.every(isSafe) ? [] : current.members.filter((member) => !previous.members.includes(member));
  }

  /** The other sets that are in use, as far as is known. */
  get others(): OtherSet[] {
    return this.records.flatMap((record, member) => this.othersAt(member, record));
  }

  /** Asks all identified nodes, and records this set there. Resolves when all have answered or failed. */
  async look(): Promise<void> {
    if (this.closed) return;
    this.due = this.options.clock.monotonic() + setRefresh;
    await Promise.all(this.records.map((record, member) => this.lookAt(member, record)));
  }

  /** The nodes have been identified as far as possible, and acquisitions begin. Resolves when all nodes have been asked. */
  begin(): Promise<void> {
    this.recording = true;
    return this.look();
  }

  /** A node has been identified, so the descriptions may have changed. */
  identified(): void {
    if (!this.recording && !this.options.early) return;
    if (this.records.some((record, member) => this.isStale(record, member))) void this.look();
  }

  /** Called while the set is in use, at intervals: records that. */
  used(): void {
    if (this.options.clock.monotonic() >= this.due) void this.look();
  }

  close(): void {
    this.closed = true;
  }

  private isStale(record: NodeRecord, member: number): boolean {
    return record.uses === null || (this.recording && record.recorded !== this.describe(member));
  }

  private async lookAt(member: number, record: NodeRecord): Promise<void> {
    const { node, server, reachable } = this.options.members[member] as QuorumMember;
    if (!reachable || !server.known || node.recordSets === undefined) return;
    if (record.asking !== null) {
      await record.asking;
      // The request may have been sent before this set had another description.
      if (record.asking !== null || !this.isStale(record, member)) return;
    }
    record.asking = this.ask(member, record, node);
    await record.asking;
  }

  private async ask(member: number, record: NodeRecord, node: LockNode): Promise<void> {
    const { clock, nodeTimeout } = this.options;
    const own = this.recording ? this.describe(member) : "";
    const former = record.recorded === own ? "" : record.recorded;
    const uses = await bounded(clock, nodeTimeout, () =>
      sharedContext.runInAsyncScope(() => node.recordSets?.(own, former)),
    );
    record.asking = null;
    if (uses === null || this.closed) return;
    if (own !== "" && own !== record.recorded) {
      record.recorded = own;
      record.since = clock.monotonic();
    }
    record.uses = uses;
    record.readAt = clock.monotonic();
    for (const other of this.othersAt(member, record)) this.report(other);
    if (this.options.membership.joint) this.options.onKnown();
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
    const uses = record.uses ?? [];
    const now = clock.monotonic();
    // Sets of one procedure, which a joint set links, and descriptions of one set before and after a restart of a node.
    const isLinked = (sets: string) =>
      uses.some(
        (use) => isJoint(use.sets) && excludeEachOther(use.sets, own) && excludeEachOther(use.sets, sets),
      );
    const mayFollow = (sets: string) => haveSameSizes(sets, own) || isLinked(sets);
    const areInUseTogether = (age: number) => age < now - record.since - slackMs;
    return uses
      .map(({ sets, age }) => ({ sets, age: age + now - record.readAt, node, own }))
      .filter(({ sets, age }) => age < setLapse && !excludeEachOther(sets, own))
      .filter(({ sets, age }) => !mayFollow(sets) || areInUseTogether(age));
  }

  private describe(member: number, sets = this.options.membership.sets): string {
    const { members, prefix } = this.options;
    return describeSets(sets, member, (other) => members[other]?.server.runId ?? null, prefix);
  }
}

/** Resolves to null if the node does not answer in time, refuses, or cannot be asked. */
function bounded(
  clock: Clock,
  ms: number,
  ask: () => Promise<readonly SetUse[]> | undefined,
): Promise<readonly SetUse[] | null> {
  return new Promise((resolve) => {
    const timer = answerTimeout(clock, ms, () => resolve(null), true);
    const done = (uses: readonly SetUse[] | null) => {
      timer.cancel();
      resolve(uses);
    };
    // The user may have written the node: it may throw, and answer with anything.
    Promise.resolve()
      .then(ask)
      .then(
        (uses) => done(Array.isArray(uses) ? uses : null),
        () => done(null),
      );
  });
}
