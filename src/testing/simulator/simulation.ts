import { longestShort } from "../../engine/protocol/memory.js";
import type { Lock } from "../../lock/lock.js";
import type { LocksOptions } from "../../lock/options.js";
import type { Found } from "./checkers/checker.js";
import { slowClockFactor } from "./clocks.js";
import { ForeignClient } from "./foreign-client.js";
import { Host } from "./host.js";
import { Link } from "./link.js";
import { type MembershipChange, nodesOf, type Stage, sharesFences, stageAt } from "./membership-change.js";
import { Oracle } from "./oracle.js";
import { Program, type ProgramNodes } from "./program.js";
import type { HostPlan, Script } from "./script.js";
import { SeededRandom } from "./seeded-random.js";
import { Server } from "./server.js";
import { Timeline } from "./timeline.js";
import { Trace } from "./trace.js";

/** Options of one process that do not concern its nodes. */
type OwnOptions = Partial<Omit<LocksOptions, "nodes" | "groups" | "previous">>;

/** The groups of a run with groups. */
const groupNames = { changed: "one", other: "two" } as const;

/** Starts what a process does besides the actions of the script. */
export type Begin = (simulation: Simulation, incarnation: Program) => void;

/** The longest remaining TTL of a usual lease, in ms. */
const usualTtl = 10_000;

/** ms between two looks at whether the new set may be used alone. */
const newSetPollMs = 100;

/** The state of a run: servers, processes, links, checkers and time. */
export class Simulation {
  readonly timeline = new Timeline();
  readonly trace: Trace;
  readonly oracle: Oracle;
  readonly servers: readonly Server[];
  /** The current incarnation of each process. */
  readonly programs: Program[];
  /** Earlier incarnations. */
  readonly pastPrograms: Program[] = [];
  readonly foreignClients = new Map<Program, ForeignClient>();
  /** The number of handover notes that were sent and have not arrived. */
  handoversInTransit = 0;
  /** Whether processes may start with the new set alone, if the nodes are changed. */
  private newSetReady = false;
  private streams = 0;
  /** True time until which leases longer than `usualTtl` may be held. */
  private longLeasesUntil = Number.NEGATIVE_INFINITY;
  /** The keys of all locks created so far. */
  private readonly keys = new Set<string>();

  constructor(
    readonly script: Script,
    keepTrace: boolean,
    private readonly begin: Begin = () => {},
  ) {
    this.trace = new Trace(keepTrace);
    this.oracle = new Oracle(this.timeline, this.trace, script);
    const { nodes, hosts, cold, change } = script;
    this.servers = nodes.map((clockError, index) => {
      const isNew = cold && change?.before.includes(index) !== true;
      return new Server(`node-${index}`, this.timeline, clockError, isNew);
    });
    this.programs = hosts.map(({ startsAt }, index) => {
      if (startsAt === 0) return this.start(index);
      this.timeline.at(startsAt, () => {
        this.programs[index] = this.start(index);
      });
      return this.notStarted(index);
    });
    if (change === undefined) return;
    this.timeline.at(change.oldUntil, () => this.endStage("old"));
    this.timeline.at(change.newFrom, () => this.beginNewSet(change));
  }

  program(index: number): Program {
    return this.programs[index] as Program;
  }

  server(index: number): Server {
    return this.servers[index] as Server;
  }

  /** Starts a new incarnation of a process. */
  revive(index: number): void {
    this.pastPrograms.push(this.program(index));
    this.programs[index] = this.start(index);
  }

  /**
   * Whether at most a minority of the nodes of each set would be without memory after the loss, as the safety rules assume.
   * Nodes that are new to a set have nothing to forget.
   */
  mayForget(server: Server): boolean {
    const { servers, script } = this;
    const sets = script.change === undefined ? [servers] : this.setsOf(script.change);
    return sets.every((set) => {
      const forgetful = set.filter((one) => one === server || !one.remembers).length;
      return forgetful <= Math.floor((set.length - 1) / 2) || !set.includes(server);
    });
  }

  private setsOf({ before, after }: MembershipChange): Server[][] {
    const { otherGroup = [] } = this.script;
    return [before, after, otherGroup].map((set) => set.map((index) => this.server(index)));
  }

  /** Lets processes start with the new set alone as soon as it knows the fences of the old set. */
  private beginNewSet(change: MembershipChange): void {
    const watermarks = this.servers.map((): number | null => null);
    for (const [index, server] of this.servers.entries()) {
      server.identify("", null, 0, (answer) => {
        if (!(answer instanceof Error)) watermarks[index] = answer.memory?.watermark ?? null;
      });
    }
    this.timeline.in(newSetPollMs, () => {
      this.newSetReady = sharesFences(change, watermarks);
      if (!this.newSetReady) return this.beginNewSet(change);
      this.timeline.at(Math.max(change.jointUntil, this.timeline.now), () => this.endStage("joint"));
    });
  }

  /** Kills the processes that still use a set of nodes which is no longer to be used, and restarts them. */
  private endStage(stage: Stage): void {
    for (const program of [...this.programs]) {
      if (program.stage !== stage || program.host.dead) continue;
      program.die();
      this.revive(program.index);
    }
  }

  /** Returns the true time until which a node may abstain because it lost its memory. */
  abstainsUntil({ forgotAt, behind, remembers, remembersSince }: Server): number {
    const { quarantine, faults } = this.script;
    // A process asks again when its own clock is past the end of the abstention.
    const apart = faults === "beyond" ? 0.2 : 0.02;
    if (remembers) return remembersSince + Math.max(0, apart * (remembersSince - Math.max(0, forgotAt)));
    if (quarantine === false) return Number.NEGATIVE_INFINITY;
    const longest = quarantine === "auto" ? Math.min(this.oracle.longestTtl, longestShort) : quarantine;
    return Math.max(forgotAt + behind + slowClockFactor * longest, this.longLeasesUntil);
  }

  /** Updates `longLeasesUntil`: nodes remember long leases individually, and a node that lost them waits for their end. */
  async updateLongLeases(): Promise<void> {
    const left = (await this.contents()).map(({ ttlLeft }) => ttlLeft);
    const long = Math.max(0, ...left.filter((ms) => ms > usualTtl));
    const { now } = this.timeline;
    this.longLeasesUntil = long > 0 ? now + slowClockFactor * long : Math.min(this.longLeasesUntil, now);
  }

  link(host: number, node: number): Link {
    return this.program(host).links[node] as Link;
  }

  /** Returns the links of the current incarnations to a node. */
  linksTo(node: number): Link[] {
    return this.programs.map(({ links }) => links[node] as Link);
  }

  /** Reads every key from every node, bypassing the links. A node that hangs reports nothing. */
  async contents(): Promise<readonly Found[]> {
    const found: Found[] = [];
    const keys = [...this.keys];
    for (const server of this.servers) {
      server.execute(null, [{ op: "inspect", keys }], ([reply]) => {
        if (reply?.kind !== "report") return;
        for (const { key, holder } of reply.keys) {
          if (holder === null) continue;
          const { tokenHash, ttlLeft } = holder;
          found.push({ node: server.name, key, tokenHash, ttlLeft: ttlLeft ?? 0 });
        }
      });
    }
    await new Promise<void>((answered) => void this.timeline.in(0, answered));
    return found;
  }

  /** Requests every key from every node without queueing. Calls back for each free key that is reserved for a waiter. */
  findReservedKeys(found: (node: string, key: string) => void): void {
    const queue = { place: null, barge: false };
    for (const server of this.servers) {
      for (const key of this.keys) {
        server.execute(
          null,
          [{ op: "acquire", keys: [key], token: "passer-by", ttl: 1, queue }],
          ([reply]) => {
            if (reply?.kind === "denied" && reply.holder === null) found(server.name, key);
          },
        );
      }
    }
  }

  /** Starts an additional process, which no fault has affected. `nodeTimeout` in ms. */
  addProgram(nodeTimeout: number, options: OwnOptions = {}): Program {
    const [firstPlan] = this.script.hosts as readonly [HostPlan, ...HostPlan[]];
    const client = { plain: false, timeout: null };
    const plan = { ...firstPlan, client, foreign: false, nodeTimeout };
    const program = this.start(this.programs.length, plan, options);
    this.programs.push(program);
    return program;
  }

  private start(
    index: number,
    plan = this.script.hosts[index] as HostPlan,
    options: OwnOptions = {},
  ): Program {
    const incarnations = this.pastPrograms.filter((one) => one.index === index).length;
    const name = `${plan.foreign ? "f" : "h"}${index}${incarnations === 0 ? "" : `.${incarnations + 1}`}`;
    const host = new Host(name, this.timeline, this.stream(), plan.clockError);
    const { quarantine, change, otherGroup } = this.script;
    const links = this.servers.map((server, node) => {
      const group = otherGroup?.includes(node) ? groupNames.other : groupNames.changed;
      const link: Link = new Link(host, server, this.stream(), plan.path, plan.client, {
        note: (who, what, ...details) => this.oracle.note(who, what, ...details),
        sent: (batch) => {
          this.oracle.sent(program, batch);
          this.oracle.assignment?.sent(group, batch);
        },
      });
      return link;
    });
    // Users' own programs need not set `onLost`.
    const hasActions = this.script.steps.some((step) => "action" in step);
    const onLockCreated = (own: Program, lock: Lock, expectsOnLost: boolean) => {
      for (const key of lock.keys) this.keys.add(key);
      this.oracle.watch(own, lock, expectsOnLost && hasActions);
    };
    const stage = change === undefined ? null : stageAt(change, this.timeline.now, this.newSetReady);
    const sets =
      change === undefined || stage === null
        ? { nodes: links }
        : this.optionsOf(index, links, nodesOf(change, stage));
    const onQuarantine = (own: Program, node: string) => {
      this.oracle.note(own.host.name, "quarantines", node);
      this.oracle.count("quarantined");
    };
    const program: Program = new Program(
      index,
      host,
      plan,
      links,
      quarantine,
      onLockCreated,
      onQuarantine,
      { ...sets, ...options },
      stage,
    );
    this.timeline.in(0, () => host.run(() => this.begin(this, program)));
    if (plan.foreign) this.foreignClients.set(program, new ForeignClient(program, this.oracle));
    return program;
  }

  /** The options of a process that uses these nodes. */
  private optionsOf(
    program: number,
    links: readonly Link[],
    { nodes, previous }: ReturnType<typeof nodesOf>,
  ): ProgramNodes {
    const pick = (indices: readonly number[]) => indices.map((index) => links[index] as Link);
    for (const link of links) link.offerRecords();
    // The reuse of a simulated node soon after a restart leaves records that real processes would not meet.
    const common = { otherSets: "allow" } as const;
    const { otherGroup } = this.script;
    if (otherGroup === undefined)
      return { ...common, nodes: pick(nodes), ...(previous === null ? {} : { previous: pick(previous) }) };
    // Not every process lists the groups in the same order.
    const names = [groupNames.changed, groupNames.other];
    if (program % 2 === 1) names.reverse();
    const groupsWith = (changed: readonly number[]) =>
      Object.fromEntries(names.map((name) => [name, pick(name === groupNames.other ? otherGroup : changed)]));
    return {
      ...common,
      groups: groupsWith(nodes),
      ...(previous === null ? {} : { previous: groupsWith(previous) }),
    };
  }

  /** Returns a dead placeholder for a process that has not started yet. */
  private notStarted(index: number): Program {
    const program = this.start(index);
    program.die();
    return program;
  }

  private stream(): SeededRandom {
    this.streams++;
    return new SeededRandom(this.script.seed, this.streams);
  }
}
