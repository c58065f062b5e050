import { readAddress } from "../clients/address-options.js";
import type { ClientModule, NodeInput } from "../clients/node-input.js";
import type { LockNode } from "../engine/node/lock-node.js";
import { InvalidOptionError } from "../errors.js";
import type { LocksOptions } from "../lock/options.js";
import type { ManagerSettings } from "../lock/settings.js";
import { checkDuration } from "../support/checks.js";
import { startThread, type Thread, type ThreadListener } from "../support/platform.js";
import { kindOf } from "../support/redaction.js";
import { KeptLeases } from "./kept-leases.js";
import type { FromWorker, NodeSource, WorkerOptions, WorkerStart } from "./messages.js";
import { PortNode } from "./port-node.js";
import { SharedClock } from "./shared-clock.js";
import { type LinkListener, WorkerLink } from "./worker-link.js";

/** ms: longer than jobs usually block a thread, and short enough to wait for where a thread hangs. */
const defaultStallLimit = 300_000;

const accepted =
  'a redis:// or rediss:// address, or { module: URL, export } that gives a client in the worker (renewal is "worker", and ' +
  "no client can be passed to another thread)";

/** Starts the thread of the worker; takes the place of the platform's in tests. */
export interface WorkerPlatform {
  readonly sharedClock: SharedClock;
  start(start: WorkerStart, listener: ThreadListener): Promise<Thread>;
}

/** The worker of `renewal: "worker"`: its nodes and the leases that it keeps. Null if leases are renewed by this thread alone. */
export function renewalWorkerOf(
  options: LocksOptions,
  settings: ManagerSettings,
  platform: WorkerPlatform | undefined,
): RenewalWorker | null {
  const { renewal = "loop", stallLimit } = options;
  if (renewal !== "loop" && renewal !== "worker")
    throw new InvalidOptionError("renewal", renewal, '"loop" or "worker"');
  if (renewal === "loop") {
    if (stallLimit === undefined) return null;
    throw new InvalidOptionError("stallLimit", stallLimit, 'left out: it is for renewal: "worker"');
  }
  const limit = checkDuration("stallLimit", stallLimit ?? Math.max(defaultStallLimit, settings.ttl), 1, true);
  if (limit < settings.ttl)
    throw new InvalidOptionError("stallLimit", limit, `at least the ttl of ${settings.ttl} ms`);
  if (platform !== undefined) return new RenewalWorker(options, settings, limit, platform);
  if (options.clock !== undefined)
    throw new InvalidOptionError(
      "clock",
      options.clock,
      'left out with renewal: "worker", which has the system\'s clock',
      kindOf(options.clock),
    );
  return new RenewalWorker(options, settings, limit, threadPlatform(settings));
}

function threadPlatform({ clock }: ManagerSettings): WorkerPlatform {
  const start = startThread;
  if (start === null)
    throw new InvalidOptionError("renewal", "worker", '"loop": this platform has no threads');
  return {
    sharedClock: new SharedClock(clock),
    async start(data, listener) {
      const { threadCode } = await import("./thread-code.js");
      return start("holdfast", threadCode(), data, listener);
    },
  };
}

export class RenewalWorker implements LinkListener {
  readonly leases: KeptLeases;
  private readonly link: WorkerLink;
  private readonly nodes: PortNode[] = [];
  private readonly sources: NodeSource[] = [];
  private sets: readonly (readonly number[])[] = [];

  constructor(
    options: LocksOptions,
    settings: ManagerSettings,
    private readonly stallLimit: number,
    platform: WorkerPlatform,
  ) {
    const { quarantine, unidentified, nodeTimeout, connectTimeout, driftFactor, ttl, prefix } = settings;
    const { owner, grouping } = settings;
    // The default timeout is given as such, because the ttl need not be longer.
    const timeout = options.nodeTimeout === undefined ? {} : { nodeTimeout };
    const passed: WorkerOptions = {
      ...timeout,
      ...{ quarantine, unidentified, connectTimeout, driftFactor, ttl, prefix, owner, grouping },
    };
    const start = (handled: SharedArrayBuffer, listener: ThreadListener) => {
      const { sources: nodes, sets } = this;
      return platform.start({ nodes, sets, options: passed, stallLimit: this.stallLimit, handled }, listener);
    };
    this.link = new WorkerLink(settings.clock, start, this);
    this.leases = new KeptLeases(this.link, platform.sharedClock);
  }

  /** Returns the node for an entry of `nodes`, or of the other list of that name. @throws InvalidOptionError. */
  readonly recognise = (input: NodeInput, index: number, list = "nodes"): LockNode => {
    const option = `${list}[${index}]`;
    const at = this.sources.length;
    const node =
      typeof input === "string" ? this.addressed(input, option, at) : this.imported(input, option, at);
    this.nodes.push(node);
    return node;
  };

  /** Sets which nodes belong together. Called before the worker is started. */
  setSets(sets: readonly (readonly number[])[]): void {
    this.sets = sets;
  }

  /** While locks are in use, the worker keeps the process alive. */
  readonly use = (inUse: boolean): void => this.link.use(inUse);

  close(): void {
    this.link.close();
  }

  started(): void {
    for (const node of this.nodes) node.started();
    this.leases.started();
  }

  ended(cause: string): void {
    for (const node of this.nodes) node.ended(cause);
  }

  told(message: Extract<FromWorker, { type: "node" | "replaced" | "renewed" | "lost" }>): void {
    if (message.type === "node") this.nodes[message.node]?.told(message.status, message.cause);
    else if (message.type === "replaced") this.nodes[message.node]?.answeredReplacement(message.outcome);
    else this.leases.told(message);
  }

  private addressed(address: string, option: string, at: number): PortNode {
    const { name, database } = readAddress(address, option);
    this.sources.push({ address, option });
    return new PortNode(name, { prefix: "", database }, at, this.link);
  }

  private imported(input: Exclude<NodeInput, string>, option: string, at: number): PortNode {
    const { module, export: exported = "default" } = moduleOf(input, option);
    if (typeof exported !== "string" || exported === "")
      throw new InvalidOptionError(`${option}.export`, exported, "the name of an export");
    const url = typeof module === "string" && URL.canParse(module) ? new URL(module) : module;
    if (!(url instanceof URL) || url.protocol !== "file:")
      throw new InvalidOptionError(
        `${option}.module`,
        String(module),
        'a file: URL, such as new URL("./clients.js", import.meta.url)',
      );
    const file = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
    const name = exported === "default" ? file : `${file}#${exported}`;
    this.sources.push({ module: url.href, export: exported, name, option });
    return new PortNode(name, null, at, this.link);
  }
}

function moduleOf(input: Exclude<NodeInput, string>, option: string): ClientModule {
  if (typeof input === "object" && input !== null && Object.hasOwn(input, "module"))
    return input as ClientModule;
  throw new InvalidOptionError(option, input, accepted, kindOf(input));
}
