import type { KnownServers } from "../engine/node/server-identity.js";
import { describeGroup } from "../engine/protocol/set-record.js";
import { InvalidOptionError } from "../errors.js";
import type { NodeFindings } from "../lock/manager-context.js";
import { checkKnown } from "../lock/option-checks.js";
import type { GroupedLocksOptions } from "../lock/options.js";
import { logTo } from "../manager/logger.js";
import { Manager } from "../manager/manager.js";
import { ManagerEmitter } from "../manager/manager-emitter.js";
import type { ManagerGroup } from "../manager/manager-group.js";
import { managerSettingsOf } from "../manager/manager-settings.js";
import { hashOf } from "../support/platform.js";
import { GroupEmitter } from "./group-emitter.js";
import type { NodeGroup } from "./group-list.js";
import { hashTag } from "./rendezvous.js";

const noDuplicate = { duplicate: null };

/** The managers of several groups of nodes, and what they share. */
export class GroupManagers implements NodeFindings {
  readonly managers: readonly Manager[];
  readonly events: ManagerEmitter;
  /** The prefix of all keys. */
  readonly prefix: string;
  private readonly knownServers: KnownServers = [];
  /** How many groups have not recorded their use yet. */
  private unrecorded: number;
  private readonly recorded: Promise<void>;
  private onRecorded: () => void = () => {};

  /** @throws InvalidOptionError, DuplicateNodeError. */
  constructor(options: GroupedLocksOptions, groups: readonly NodeGroup[]) {
    checkKnown("createLocks", options);
    const { logger, groups: _, previous: __, ...common } = options;
    const { prefix, onListenerError } = managerSettingsOf(common);
    checkPrefix(prefix);
    this.prefix = prefix;
    this.events = new ManagerEmitter(onListenerError);
    if (logger !== undefined) logTo(logger, this.events);
    this.unrecorded = groups.length;
    this.recorded = new Promise((resolve) => {
      this.onRecorded = resolve;
    });
    const list = fingerprint(groups);
    this.managers = openAll(groups, ({ name, nodes, previous }) => {
      const own = { ...common, nodes, ...(previous === undefined ? {} : { previous }) };
      return new Manager(own, { group: this.share(name, list) });
    });
    this.clearWhenClosed();
  }

  /** Part of what the engines of all groups have found out: the names of two nodes that are the same server. */
  get admission(): NodeFindings["admission"] {
    for (const { context } of this.managers) {
      const { admission } = context.engine;
      if (admission.duplicate !== null) return admission;
    }
    return noDuplicate;
  }

  /** Part of what the engines of all groups have found out: another set of nodes, if that is refused. */
  get otherSet(): NodeFindings["otherSet"] {
    for (const { context } of this.managers) {
      const { otherSet } = context.engine;
      if (otherSet !== null) return otherSet;
    }
    return null;
  }

  private share(name: string, list: string): ManagerGroup {
    return {
      name,
      describe: () => describeGroup(name, list, this.othersThan(name)),
      knownServers: this.knownServers,
      findings: this,
      events: new GroupEmitter(this.events, name),
      begun: () => this.admitAll(),
      identified: () => {
        for (const { context } of this.managers) context.engine.reviewRecords();
      },
      recorded: () => this.countRecorded(),
      used: () => {
        for (const { context } of this.managers) context.engine.used();
      },
    };
  }

  private othersThan(name: string) {
    return this.managers
      .filter(({ context }) => context.group !== name)
      .map(({ context }) => ({ name: context.group ?? "", nodes: context.engine.servers }));
  }

  /** A group that has begun to identify its nodes does not begin again. */
  private admitAll(): void {
    for (const { context } of this.managers) void context.engine.admission.admit();
  }

  private countRecorded(): Promise<void> {
    this.unrecorded--;
    if (this.unrecorded === 0) this.onRecorded();
    return this.recorded;
  }

  private clearWhenClosed(): void {
    let open = this.managers.length;
    for (const manager of this.managers) {
      manager.onClosed(() => {
        open--;
        if (open === 0) this.events.clear();
      });
    }
  }
}

/** Creates the manager of each group. If one cannot be created, the others are closed. */
function openAll(groups: readonly NodeGroup[], open: (group: NodeGroup) => Manager): Manager[] {
  const managers: Manager[] = [];
  try {
    for (const group of groups) managers.push(open(group));
    return managers;
  } catch (error) {
    for (const manager of managers) void manager.close(0);
    throw error;
  }
}

/** How keys are assigned to groups. A later version that assigns them in another way has another name here. */
const assignment = "fnv1a-murmur3";

/** Tells a list of groups from others by the names, in any order. */
const fingerprint = (groups: readonly NodeGroup[]): string =>
  hashOf("sha256", [assignment, ...groups.map(({ name }) => name).sort()].join(" ")).slice(0, 8);

function checkPrefix(prefix: string): void {
  if (hashTag(prefix) === prefix) return;
  const allowed =
    "a string without a hash tag ({...}), which would assign all resources to one of the groups";
  throw new InvalidOptionError("prefix", prefix, allowed);
}
