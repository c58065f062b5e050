import type { Inspection } from "../api/types.js";
import type { LockNode } from "../engine/node/lock-node.js";
import { QuorumEngine } from "../engine/quorum/engine.js";
import { TimerWheel } from "../engine/time/timer-wheel.js";
import { ManagerClosedError, NodesNotReadyError } from "../errors.js";
import type { Lock } from "../lock/lock.js";
import type { InspectionEvent } from "../lock/lock-actor.js";
import type { ManagerContext } from "../lock/manager-context.js";
import type { ObservedLock } from "../lock/observed-lock.js";
import { checkKnown } from "../lock/option-checks.js";
import type { LocksOptions } from "../lock/options.js";
import { RenewalGroups } from "../lock/renewal-groups.js";
import { checkResources } from "../lock/resources.js";
import { settingsOf } from "../lock/settings.js";
import { LocalQueue } from "../lock/waiting/local-queue.js";
import { TableActor } from "../machines/compiled/table-actor.js";
import type { managerMachine } from "../machines/manager.js";
import { managerTable } from "../machines/tables.js";
import { renewalWorkerOf, type WorkerPlatform } from "../renewal-worker/renewal-worker.js";
import { checkEntries, checkMethods, checkText } from "../support/checks.js";
import { afterJobs } from "../support/platform.js";
import { isolate } from "../support/safe-emitter.js";
import { ActiveLocks } from "./active-locks.js";
import { Healing } from "./healing.js";
import { reportsOn, summarise } from "./inspection.js";
import { acquisitionIds, LockFactory } from "./lock-factory.js";
import { logTo } from "./logger.js";
import { ManagerEmitter } from "./manager-emitter.js";
import type { ManagerGroup } from "./manager-group.js";
import { managerSettingsOf } from "./manager-settings.js";
import { Health, type NodeCondition } from "./node-health.js";
import { NodeSet } from "./node-set.js";
import {
  warnOfColdStart,
  warnOfOtherSet,
  warnOfSilent,
  warnOfUnidentified,
  warnOfUnwatched,
} from "./node-warnings.js";
import { type ManagerObserver, Observers } from "./observers.js";

/** The condition of a node, with the node's name. */
export interface NodeStatus extends NodeCondition {
  readonly name: string;
}

/** What `createLocks` and the Redlock class want differently. */
interface ManagerUse {
  /** The manager may be garbage-collected without having been closed, as long as nothing is held, asked or waited for. */
  readonly collectable?: boolean;
  /** The nodes may have different key prefixes and databases. */
  readonly mixedKeyspaces?: boolean;
  /** The group of the nodes, if resources are spread over several groups. */
  readonly group?: ManagerGroup;
  /** How the worker is started. */
  readonly workerPlatform?: WorkerPlatform;
}

/** The core behind `createLocks` and the Redlock class: the nodes, and the locks that are in use on them. */
export class Manager {
  readonly context: ManagerContext;
  readonly factory: LockFactory;
  /** A random prefix of this manager's acquisition identifiers, unique among all processes. */
  readonly series: string;
  readonly #nodes: readonly LockNode[];
  readonly #health: Health;
  readonly #chart: TableActor<typeof managerMachine>;
  readonly #pendingPauses = new Set<() => void>();
  #closing: Promise<void> | null = null;
  readonly #observers: Observers;
  readonly #activeLocks: ActiveLocks;
  readonly #healing: Healing;
  readonly #closingHooks: (() => Promise<void>)[] = [];
  readonly #closedHooks: (() => void)[] = [];

  /**
   * Creates a manager.
   *
   * @throws InvalidOptionError, DuplicateNodeError.
   */
  constructor(
    options: LocksOptions,
    { collectable = false, mixedKeyspaces = false, group, workerPlatform }: ManagerUse = {},
  ) {
    checkEntries("options", options, ", such as nodes");
    checkKnown("createLocks", options);
    const context = managerSettingsOf(options);
    const defaults = settingsOf(context, options);
    const worker = renewalWorkerOf(options, context, workerPlatform);
    const nodeSet = new NodeSet(options, { mixedKeyspaces, group, recognise: worker?.recognise });
    worker?.setSets(nodeSet.sets);
    if (worker !== null) this.onClosed(() => worker.close());
    this.#nodes = nodeSet.nodes;
    const events = group?.events ?? new ManagerEmitter(context.onListenerError);
    if (options.logger !== undefined) logTo(options.logger, events);
    const inspect = isolated(inspectorOf(options), context.onListenerError);
    const observers = new Observers(context.onListenerError);
    this.#observers = observers;
    this.#chart = new TableActor(managerTable(), undefined);
    if (inspect !== undefined) this.#chart.toActor(inspect);
    this.#health = new Health(this.#nodes, { events, observers, clock: context.clock, inspect });
    const series = context.random.secret().slice(0, 8);
    this.series = series;
    const engine: QuorumEngine = new QuorumEngine({
      ...context,
      nodes: this.#nodes,
      sets: nodeSet.sets,
      collectable,
      group,
      observe: (...observed) => this.#health.observe(...observed),
      callObserver: observers,
      canGrant: () => nodeSet.lastingRefusal(engine) === null,
      onOtherSet: context.otherSets === "warn" ? warnOfOtherSet : () => {},
      onVotesAgain: () => this.#healing.nodeVotesAgain(),
      onSilent: warnOfSilent,
      onColdStart: warnOfColdStart,
      onUnidentified: warnOfUnidentified,
      onUnwatched: warnOfUnwatched,
    });
    const used = () => (group ?? engine).used();
    this.#activeLocks = new ActiveLocks(context.clock, engine.batcher, used, worker?.use);
    this.#healing = new Healing(context.clock, this.#activeLocks, engine);
    this.context = {
      ...context,
      group: group?.name ?? null,
      engine,
      events,
      observers,
      inspect,
      activeLocks: this.#activeLocks,
      localQueue: new LocalQueue(context.maxPending),
      renewalGroups: new RenewalGroups(engine, context),
      background: new TimerWheel(context.clock, engine.batcher, true),
      leaseKeeper: worker?.leases ?? null,
      nodeSet,
      nextAcquisition: acquisitionIds(series),
    };
    this.factory = new LockFactory(this.context, defaults);
  }

  /**
   * Waits until the nodes have been identified, or until the time for that is over.
   *
   * @throws ManagerClosedError, or the reason why these nodes can never grant a lock together.
   */
  async identifyNodes(): Promise<void> {
    this.factory.checkOpen();
    if (!this.context.engine.admission.admitted) await this.context.engine.admission.admit();
    this.#checkNodes();
  }

  /** @throws if the manager is closed, or if these nodes can never grant a lock together. */
  checkUsable(): void {
    this.factory.checkOpen();
    this.#checkNodes();
  }

  /**
   * Waits for at most `timeout` ms until all nodes are connected and identified.
   *
   * @throws NodesNotReadyError, ManagerClosedError, or the reason why these nodes can never grant a lock together.
   */
  async ready(timeout: number): Promise<void> {
    this.factory.checkOpen();
    const failures = await this.context.engine.admission.ready(timeout);
    this.factory.checkOpen();
    this.#checkNodes();
    if (failures.length > 0) throw new NodesNotReadyError(timeout, failures, this.#nodes.length);
  }

  async inspect(resource: string): Promise<Inspection> {
    checkResources(checkText("resource", resource, "a non-empty string"));
    const [inspection] = await this.inspectKeys(resource, [this.context.prefix + resource]);
    return inspection as Inspection;
  }

  /** Inspects several keys of one resource, each by itself. */
  async inspectKeys(resource: string, keys: readonly string[]): Promise<Inspection[]> {
    this.factory.checkOpen();
    const { engine, clock } = this.context;
    const reports = await engine.inspection.inspect(keys);
    const conditionOf = (node: number) => this.#health.statusOf(node);
    const now = clock.wall();
    return keys.map((_, index) =>
      summarise(resource, reportsOn(reports, index), engine.membership, conditionOf, now),
    );
  }

  /** Adds an observer. Returns a function that removes the observer. */
  watch(observer: ManagerObserver): () => void {
    return this.#observers.add(observer);
  }

  /** The locks that are in use, that is, acquiring or with a lease. */
  get inUse(): readonly ObservedLock[] {
    return this.#activeLocks.toArray() as Lock[];
  }

  /** The name and condition of each node, as this manager observed them, in the order given. */
  get nodes(): readonly NodeStatus[] {
    return this.context.engine.members.map(({ name }, node) => ({ name, ...this.#health.statusOf(node) }));
  }

  /** The nodes that the engine uses, in the order given. */
  get lockNodes(): readonly LockNode[] {
    return this.#nodes;
  }

  /** Calls `hook` when this manager closes, after the locks are released and before the connections close. It must not reject. */
  onClosing(hook: () => Promise<void>): void {
    this.#closingHooks.push(hook);
  }

  /** Calls `hook` when this manager has closed. It must not throw. */
  onClosed(hook: () => void): void {
    this.#closedHooks.push(hook);
  }

  /** Ends every acquisition and releases every lease. Waits for the releases for at most `timeout` ms. */
  async close(timeout: number): Promise<void> {
    this.factory.close();
    // Closing begins later, because a listener may call `close` while an event is still being delivered.
    this.#closing ??= new Promise((resolve, reject) => {
      let begun = false;
      const begin = () => {
        if (begun) return;
        begun = true;
        this.#close(timeout).then(resolve, reject);
      };
      afterJobs(begin);
      // No microtask runs while the process exits, so the end of the tick begins the closing too.
      this.context.engine.batcher.atTickEnd(begin);
    });
    await this.#closing;
  }

  /** Waits for `ms` ms. Rejects with a ManagerClosedError as soon as the manager closes. */
  pause(ms: number): Promise<void> {
    this.factory.checkOpen();
    return new Promise((resolve, reject) => {
      const end = () => {
        timer.cancel();
        reject(new ManagerClosedError());
      };
      const timer = this.context.clock.after(ms, () => {
        this.#pendingPauses.delete(end);
        resolve();
      });
      this.#pendingPauses.add(end);
    });
  }

  /** @throws the reason why these nodes can never grant a lock together, if one is known. */
  #checkNodes(): void {
    const { nodeSet, engine } = this.context;
    const refusal = nodeSet.refusal(engine);
    if (refusal !== null) throw refusal;
  }

  async #close(timeout: number): Promise<void> {
    this.#chart.send({ type: "CLOSE" });
    const { engine, events, background, clock } = this.context;
    const started = clock.monotonic();
    for (const end of this.#pendingPauses) end();
    const written = () => new Promise<void>((resolve) => engine.whenWritten(resolve));
    await this.#activeLocks.end(timeout, written);
    await engine.delivered(timeout - (clock.monotonic() - started));
    for (const hook of this.#closingHooks) await hook();
    await engine.close();
    for (const timed of [engine.timerWheel, background, this.#activeLocks]) timed.flush();
    this.#healing.stop();
    this.#health.stop();
    this.#chart.send({ type: "CLOSED" });
    this.#chart.stop();
    events.clear();
    this.#observers.closed();
    for (const hook of this.#closedHooks) hook();
  }
}

/** Wraps an inspector, so that an error that it throws does not stop the inspected actor. */
function isolated(
  inspect: ((event: InspectionEvent) => void) | undefined,
  onError: (error: unknown, event: string) => void,
): ((event: InspectionEvent) => void) | undefined {
  return inspect === undefined
    ? undefined
    : (event) => isolate(() => inspect(event), "xstate.inspect", onError);
}

function inspectorOf({ xstate }: LocksOptions): ((event: InspectionEvent) => void) | undefined {
  checkKnown("xstate", xstate, "xstate");
  const inspect = xstate?.inspect;
  if (inspect === undefined || typeof inspect === "function") return inspect;
  const observer = checkMethods("xstate.inspect", inspect, ["next"], "a function, or ");
  return (event) => observer.next?.(event);
}
