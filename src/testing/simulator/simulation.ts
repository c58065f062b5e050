import { longestShort } from "../../engine/protocol/memory.js";
import type { Lock } from "../../lock/lock.js";
import type { LocksOptions } from "../../lock/options.js";
import type { Found } from "./checkers/checker.js";
import { ForeignClient } from "./foreign-client.js";
import { Host } from "./host.js";
import { Link } from "./link.js";
import { Oracle } from "./oracle.js";
import { Program } from "./program.js";
import type { HostPlan, Script } from "./script.js";
import { SeededRandom } from "./seeded-random.js";
import { Server } from "./server.js";
import { Timeline } from "./timeline.js";
import { Trace } from "./trace.js";

/** Begins what a process does besides the script's deeds. */
export type Begin = (aggregate: Simulation, life: Program) => void;

/** ms: what is left of most leases at the most. */
const usualTtl = 10_000;
/** How much longer a time may take by the slowest of clocks, and by what is added for drift. */
const slowly = 1.15;

/** Everything that one run consists of. */
export class Simulation {
  readonly timeline = new Timeline();
  readonly trace: Trace;
  readonly oracle: Oracle;
  readonly servers: readonly Server[];
  /** The present life of each process. */
  readonly programs: Program[];
  /** Earlier lives. */
  readonly past: Program[] = [];
  readonly foreignClients = new Map<Program, ForeignClient>();
  /** Notes that were handed over, and not received yet. */
  underWay = 0;
  private streams = 0;
  /** True time until which such leases are held. */
  private longUntil = Number.NEGATIVE_INFINITY;
  /** All that programs have locked so far. */
  private readonly keys = new Set<string>();

  constructor(
    readonly script: Script,
    keepTrace: boolean,
    private readonly begin: Begin = () => {},
  ) {
    this.trace = new Trace(keepTrace);
    this.oracle = new Oracle(this.timeline, this.trace, script);
    const { nodes, hosts, cold } = script;
    this.servers = nodes.map(
      (clockError, index) => new Server(`node-${index}`, this.timeline, clockError, cold),
    );
    this.programs = hosts.map(({ startsAt }, index) => {
      if (startsAt === 0) return this.start(index);
      this.timeline.at(startsAt, () => {
        this.programs[index] = this.start(index);
      });
      return this.absent(index);
    });
  }

  program(index: number): Program {
    return this.programs[index] as Program;
  }

  server(index: number): Server {
    return this.servers[index] as Server;
  }

  /** The process begins a new life. */
  revive(index: number): void {
    this.past.push(this.program(index));
    this.programs[index] = this.start(index);
  }

  /** Whether no more than a minority would be without its memory then: the rules of safety assume that. */
  mayForget(server: Server): boolean {
    const { servers } = this;
    const forgetful = servers.filter((one) => one === server || !one.remembers).length;
    return forgetful <= Math.floor((servers.length - 1) / 2);
  }

  /** True time until which a node may abstain because it lost its memory. */
  abstainsUntil({ forgotAt, behind, remembers, remembersSince }: Server): number {
    const { quarantine, faults } = this.script;
    // A process looks again when its own clock says that the abstention is over.
    const apart = faults === "beyond" ? 0.2 : 0.02;
    if (remembers) return remembersSince + Math.max(0, apart * (remembersSince - Math.max(0, forgotAt)));
    if (quarantine === false) return Number.NEGATIVE_INFINITY;
    const longest = quarantine === "auto" ? Math.min(this.oracle.longestTtl, longestShort) : quarantine;
    return Math.max(forgotAt + behind + slowly * longest, this.longUntil);
  }

  /** Looks for leases that nodes remember one by one: those that forgot them wait for their end. */
  async lookForLong(): Promise<void> {
    const left = (await this.contents()).map(({ ttlLeft }) => ttlLeft);
    const long = Math.max(0, ...left.filter((ms) => ms > usualTtl));
    const { now } = this.timeline;
    this.longUntil = long > 0 ? now + slowly * long : Math.min(this.longUntil, now);
  }

  link(host: number, node: number): Link {
    return this.program(host).links[node] as Link;
  }

  /** Every life's link to a node: what a dead process has sent is still under way. */
  linksTo(node: number): Link[] {
    return this.programs.map(({ links }) => links[node] as Link);
  }

  /** Asks every node for every key, past all links. A node that hangs tells nothing. */
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

  /** Asks every node for every key as one who just comes by: calls back for each that is free, and kept for somebody. */
  lookForHeirs(found: (node: string, key: string) => void): void {
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

  /** A process that nothing has happened to yet, with a node timeout of its own. */
  newcomer(nodeTimeout: number, options: Partial<LocksOptions> = {}): Program {
    const [likely] = this.script.hosts as readonly [HostPlan, ...HostPlan[]];
    const client = { plain: false, timeout: null };
    const plan = { ...likely, client, foreign: false, nodeTimeout };
    const program = this.start(this.programs.length, plan, options);
    this.programs.push(program);
    return program;
  }

  private start(
    index: number,
    plan = this.script.hosts[index] as HostPlan,
    options: Partial<LocksOptions> = {},
  ): Program {
    const lives = this.past.filter((one) => one.index === index).length;
    const name = `${plan.foreign ? "f" : "h"}${index}${lives === 0 ? "" : `.${lives + 1}`}`;
    const host = new Host(name, this.timeline, this.stream(), plan.clockError);
    const links = this.servers.map((server) => {
      const link: Link = new Link(host, server, this.stream(), plan.path, plan.client, {
        note: (who, what, ...details) => this.oracle.note(who, what, ...details),
        sent: (batch) => this.oracle.sent(program, batch),
      });
      return link;
    });
    // Users' own programs need not ask to be called.
    const asks = this.script.steps.some((step) => "action" in step);
    const onMade = (own: Program, lock: Lock, calls: boolean) => {
      for (const key of lock.keys) this.keys.add(key);
      this.oracle.watch(own, lock, calls && asks);
    };
    const { quarantine } = this.script;
    const onQuarantine = (own: Program, node: string) => {
      this.oracle.note(own.host.name, "quarantines", node);
      this.oracle.count("quarantined");
    };
    const program: Program = new Program(index, host, plan, links, quarantine, onMade, onQuarantine, options);
    this.timeline.in(0, () => host.run(() => this.begin(this, program)));
    if (plan.foreign) this.foreignClients.set(program, new ForeignClient(program, this.oracle));
    return program;
  }

  /** Stands for a process that has not begun yet. */
  private absent(index: number): Program {
    const program = this.start(index);
    program.die();
    return program;
  }

  private stream(): SeededRandom {
    this.streams++;
    return new SeededRandom(this.script.seed, this.streams);
  }
}
