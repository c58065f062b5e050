import type { HeldHere } from "../engine/protocol/contention.js";
import type { LockMode } from "../engine/protocol/token.js";
import type { Origin } from "../engine/quorum/origin.js";
import { ReaderClaim } from "../engine/quorum/reader-claim.js";
import { elapsed } from "../engine/time/clock.js";
import { ResettableTimer } from "../engine/time/timer-wheel.js";
import { HandleBusyError, ManagerClosedError, OverloadedError, UpgradeFailedError } from "../errors.js";
import { TableActor, type TransitionObserver } from "../machines/compiled/table-actor.js";
import type { LockMachineActor, lockMachine } from "../machines/lock.js";
import type { LockContext } from "../machines/lock-context.js";
import type { FailureEvent, LockMachineEvent } from "../machines/lock-events.js";
import { type LockPort, lockPorts } from "../machines/lock-port.js";
import type { LockState } from "../machines/lock-state.js";
import { lockTable, sharedTable } from "../machines/tables.js";
import { abortReason } from "../support/abort.js";
import { rejection } from "../support/caller-stack.js";
import { currentContext } from "../support/platform.js";
import type { SafeEmitter } from "../support/safe-emitter.js";
import { Acquisition } from "./acquisition.js";
import { ActiveLock } from "./active-lock.js";
import { heldHere } from "./blocking-holder.js";
import type { LockEvents } from "./events.js";
import { HeldLease } from "./held-lease.js";
import type { LeaseState } from "./lease-state.js";
import type { LockInternals, RetryDetails } from "./lock-internals.js";
import type { ManagerContext } from "./manager-context.js";
import { Notifier } from "./notifier.js";
import type { PermitPool } from "./permit-pool.js";
import type { ReleaseOutcome } from "./release-outcome.js";
import type { Settings } from "./settings.js";
import type { Upgrade } from "./shared/upgrade.js";
import { type UpgradeOptions, upgradeSettingsOf } from "./shared/upgrade-options.js";

/** One lock: its chart, and the acquisition and then the held lease that the chart drives. A lock can be reused. */
export class Lock
  extends ActiveLock
  implements LockPort, LockInternals, TransitionObserver<typeof lockMachine>
{
  readonly timer: ResettableTimer;
  readonly notifier: Notifier;
  private readonly chart: TableActor<typeof lockMachine>;
  acquisition: Acquisition | null = null;
  heldLease: HeldLease | null = null;
  pendingUpgrade: Upgrade | null = null;
  election: { readonly terms: number } | null = null;
  /** Called when the manager closes while a lease is held. Null: the lease is then released at once. */
  onShutDown: (() => void) | null = null;
  /** A lease that was granted by an attempt before this monotonic time in ms is confirmed at once. */
  private confirmedSince = Number.NEGATIVE_INFINITY;

  constructor(
    readonly manager: ManagerContext,
    readonly resources: readonly string[],
    readonly keys: readonly string[],
    readonly mode: LockMode,
    readonly pool: PermitPool | null = null,
  ) {
    super();
    this.timer = new ResettableTimer(manager.engine.timerWheel, manager.background);
    this.notifier = new Notifier(manager, resources);
    const table = mode === "shared" ? sharedTable() : lockTable();
    this.chart = new TableActor(table, { resources }, this);
    lockPorts.bind(this.chart, this);
    if (manager.inspect !== undefined) this.chart.toActor(manager.inspect);
  }

  /** The chart as an XState actor. The first access turns the chart into an actor for good. */
  get actor(): LockMachineActor {
    return this.chart.toActor();
  }

  get events(): SafeEmitter<LockEvents> {
    return this.notifier.own;
  }

  get state(): LockState {
    return this.chart.state as LockState;
  }

  /** The state with its substate, such as "acquiring.asking". */
  get path(): string {
    return this.chart.path;
  }

  get context(): LockContext {
    return this.chart.context;
  }

  get acquiring(): boolean {
    return this.acquisition !== null;
  }

  /** Epoch ms at which the current acquisition, or the acquisition of the held lease, began. Null if there is neither. */
  get began(): number | null {
    return this.acquisition?.since.wall ?? this.heldLease?.leaseState.grant.began ?? null;
  }

  /** ms from the last failed attempt to the next attempt. Null unless the lock waits between two attempts. */
  get retryDelay(): number | null {
    return this.acquisition?.delay ?? null;
  }

  get leaseState(): LeaseState | null {
    return this.heldLease?.leaseState ?? null;
  }

  get weight(): number | null {
    if (this.pool === null) return null;
    return this.leaseState?.claim.permits?.length ?? this.acquisition?.settings.weight ?? null;
  }

  get held(): HeldHere | null {
    const { leaseState } = this;
    if (leaseState === null || leaseState.end !== null || this.pool !== null) return null;
    const { acquisition, at } = leaseState.grant;
    const held = { acquisition, heldFor: Math.round(elapsed(this.manager.clock, at)) };
    return leaseState.mode === "shared" ? { ...held, mode: "shared" } : held;
  }

  send(event: LockMachineEvent): void {
    this.notifier.beginStep();
    // The chart does not throw, because none of its actions throws.
    this.chart.send(event);
    this.notifier.endStep();
  }

  /** Calls `report` outside a step of the chart, and then delivers what `report` deferred. */
  deliver(report: () => void): void {
    this.notifier.beginStep();
    report();
    this.notifier.endStep();
  }

  /**
   * Acquires the lock. Resolves to what `toLease` makes of the granted state, or to what `toFailure` makes of the acquisition's
   * error: by default, rejects with that error.
   *
   * @throws HandleBusyError if the lock is in use, OverloadedError, the reason of the signal, or the acquisition's error.
   */
  acquire<T>(
    settings: Settings,
    toLease: (leaseState: LeaseState) => T,
    origin: Origin | null = null,
    toFailure: (error: unknown) => T | Promise<never> = rejection,
  ): Promise<T> {
    if (this.acquisition !== null || this.heldLease !== null) {
      return Promise.reject(new HandleBusyError(this.resources, this.state));
    }
    if (settings.signal?.aborted) return Promise.reject(abortReason(settings.signal));
    const { localQueue, activeLocks, maxPending } = this.manager;
    if (!localQueue.enter()) return Promise.reject(new OverloadedError(this.resources, maxPending));
    const context = currentContext();
    this.notifier.context = context;
    this.notifier.permits = undefined;
    this.notifier.mode = this.mode === "shared" ? "shared" : undefined;
    return new Promise((resolve) => {
      const acquisition = new Acquisition(
        this,
        settings,
        context,
        origin,
        (leaseState) => resolve(toLease(leaseState)),
        (error) => resolve(toFailure(error)),
      );
      this.acquisition = acquisition;
      activeLocks.add(this);
      this.notifier.notify("acquiring", acquisition.id, {});
      this.send({ type: "ACQUIRE", acquisition: acquisition.id, queued: !acquisition.enterQueue() });
    });
  }

  /** Ends a pending acquisition with `error`. Does nothing if there is none. */
  abort(error: unknown): void {
    this.send({ type: "ABORT", error });
  }

  renew(leaseState: LeaseState, ttl: number | null): Promise<void> {
    if (!this.checkHeld(leaseState) || this.heldLease === null) return Promise.reject(leaseState.overError());
    return this.heldLease.renew(ttl);
  }

  /** Makes the shared lease exclusive. */
  async upgradeLease(leaseState: LeaseState, options?: UpgradeOptions): Promise<void> {
    const { heldLease, resources } = this;
    const settings = upgradeSettingsOf(options, heldLease?.wait ?? 0);
    if (settings.signal?.aborted) throw abortReason(settings.signal);
    if (!this.checkHeld(leaseState) || heldLease === null) throw leaseState.overError();
    const { mode, claim } = leaseState;
    if (mode === "exclusive" || !(claim instanceof ReaderClaim))
      throw new UpgradeFailedError(resources, "exclusive");
    if (this.pendingUpgrade !== null) throw new UpgradeFailedError(resources, "contended");
    return new Promise((resolve, reject) => {
      this.pendingUpgrade = heldLease.upgrade(claim, settings, resolve, reject);
      this.resumeUpgrade();
    });
  }

  release(leaseState: LeaseState): Promise<ReleaseOutcome> {
    if (leaseState.releasing !== null) return leaseState.releasing;
    if (!this.checkHeld(leaseState) || this.heldLease === null) {
      return Promise.resolve(leaseState.end === "handedOver" ? "handedOver" : "expired");
    }
    this.heldLease.release();
    return leaseState.releasing ?? Promise.resolve("released");
  }

  /** Ends the lease here without releasing it. Returns the token, which another process can adopt. */
  handOver(leaseState: LeaseState): string {
    if (!this.checkHeld(leaseState) || this.heldLease === null) throw leaseState.overError();
    this.heldLease.handOver();
    return leaseState.claim.token;
  }

  checkHeld(leaseState: LeaseState): boolean {
    return this.leaseState === leaseState ? (this.heldLease?.checkHeld() ?? false) : leaseState.end === null;
  }

  confirm(since: number): void {
    // An attempt that began before may not have been sent to that node.
    if (this.acquiring) this.confirmedSince = since;
    this.heldLease?.confirm(since);
  }

  /** Checks the held lease after the clocks diverged. */
  clocksDiverged(): void {
    this.heldLease?.due();
  }

  /**
   * Ends the acquisition or the lease because the manager closes. The lease's signal aborts, so that a running job learns
   * of the end. A lease with a shared token is handed over and not released, because another process may still use it.
   */
  shutDown(): void {
    const error = new ManagerClosedError(this.resources);
    this.abort(error);
    const { leaseState } = this;
    if (leaseState === null || leaseState.end !== null) return;
    if (this.onShutDown !== null) return this.onShutDown();
    leaseState.takenBack = error;
    leaseState.abort(error);
    if (this.heldLease?.tokenShared) this.heldLease.handOver();
    else void this.release(leaseState);
  }

  /** Stops the lock. A release that is still pending ends here, because the manager waits no longer. */
  stop(): void {
    if (this.heldLease !== null) this.send({ type: "RELEASED", votes: [] });
    this.timer.clear();
    this.chart.stop();
    this.notifier.close();
  }

  // Called by the chart.

  get observes(): boolean {
    return this.manager.observers.any;
  }

  transitioned(event: LockMachineEvent, from: string, to: string): void {
    this.manager.observers.lockStepped(this, event, from, to);
  }

  // Called by the acquisition and the lease.

  notifyRetry(acquisition: string, details: RetryDetails): void {
    if (!this.notifier.hasListeners("retrying")) return;
    const held = details.reason === "contended" ? heldHere(this, details.votes) : undefined;
    const all = held === undefined ? details : { ...details, heldHere: held };
    this.notifier.notify("retrying", acquisition, all);
  }

  endAcquisition(): void {
    this.acquisition = null;
    this.manager.activeLocks.remove(this);
    this.manager.localQueue.exit();
  }

  reportFailure(event: FailureEvent, error: unknown): void {
    if (this.observes) this.manager.observers.lockFailed(this, event, error);
  }

  beginLease(leaseState: LeaseState, settings: Settings): void {
    this.acquisition = null;
    this.manager.localQueue.exit();
    const toConfirm = leaseState.mayLackKeys(this.confirmedSince);
    this.heldLease = new HeldLease(this, leaseState, settings, toConfirm);
    this.pool?.taken(leaseState.claim.permits);
  }

  resumeUpgrade(): void {
    if (this.pendingUpgrade?.begun === false) this.send({ type: "UPGRADE" });
  }

  endUpgrade(): void {
    this.pendingUpgrade = null;
  }

  refuseUpgrade(): void {
    this.pendingUpgrade?.end();
  }

  endLease(): void {
    this.pool?.returned(this.leaseState?.claim.permits);
    this.heldLease = null;
    this.manager.activeLocks.remove(this);
  }
}
