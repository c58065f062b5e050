import type { LockState, ReleaseOutcome } from "../api/types.js";
import type { Origin } from "../engine/quorum/claim.js";
import { HandleBusyError, OverloadedError } from "../errors.js";
import { type Onlooker, TableActor } from "../machines/compiled/table-actor.js";
import { type LockActor, type lockMachine, lockTable } from "../machines/lock.js";
import type { LockContext } from "../machines/lock-context.js";
import type { FailureEvent, LockMachineEvent, LossEvent, RefusalEvent } from "../machines/lock-events.js";
import { type LockPort, lockPorts } from "../machines/lock-port.js";
import { Sleeper } from "../manager/active-locks.js";
import type { SafeEmitter } from "../support/safe-emitter.js";
import { Pursuit } from "./acquisition.js";
import type { LockEvents } from "./events.js";
import { Tenure } from "./held-lease.js";
import type { Hold } from "./lease-state.js";
import type { LockParts } from "./lock-internals.js";
import { Alarm } from "./lock-timer.js";
import type { Surroundings } from "./manager-context.js";
import { Announcer } from "./notifier.js";
import { Outbox } from "./outbox.js";
import { inContext, type Settings } from "./settings.js";

type Of<Type extends LockMachineEvent["type"]> = Extract<LockMachineEvent, { type: Type }>;

/** One lock: its chart, and what the chart drives: first a pursuit, then a tenure, and again. */
export class Lock extends Sleeper implements LockPort, LockParts, Onlooker<typeof lockMachine> {
  readonly alarm: Alarm;
  readonly announcer: Announcer;
  readonly outbox: Outbox;
  private readonly chart: TableActor<typeof lockMachine>;
  private pursuit: Pursuit | null = null;
  private tenure: Tenure | null = null;

  constructor(
    readonly ground: Surroundings,
    readonly resources: readonly string[],
    readonly keys: readonly string[],
  ) {
    super();
    this.alarm = new Alarm(ground.engine.agenda, ground.background);
    this.outbox = new Outbox(ground.clock);
    this.announcer = new Announcer(ground, resources, this.outbox);
    this.chart = new TableActor(lockTable(), { resources }, this);
    lockPorts.bind(this.chart, this);
    if (ground.inspect !== undefined) this.chart.toActor({ inspect: ground.inspect });
  }

  /** The chart as XState's own actor, which it is from now on. */
  get actor(): LockActor {
    return this.chart.toActor();
  }

  get events(): SafeEmitter<LockEvents> {
    return this.announcer.own;
  }

  get state(): LockState {
    return this.chart.state as LockState;
  }

  /** The state with its substate: "acquiring.asking". */
  get path(): string {
    return this.chart.path;
  }

  get context(): LockContext {
    return this.chart.context;
  }

  get acquiring(): boolean {
    return this.pursuit !== null;
  }

  /** Epoch ms at which the acquisition under way, or that of what is held, began; null when there is neither. */
  get began(): number | null {
    return this.pursuit?.since.wall ?? this.tenure?.hold.grant.began ?? null;
  }

  /** ms from the attempt that failed last to the next one; null unless it is between two of them. */
  get retryDelay(): number | null {
    return this.pursuit?.delay ?? null;
  }

  get hold(): Hold | null {
    return this.tenure?.hold ?? null;
  }

  send(event: LockMachineEvent): void {
    this.outbox.open();
    // The chart does not throw: its actions are the ones below.
    this.chart.send(event);
    this.outbox.close();
  }

  /** Delivers what is told outside a step of the chart. */
  deliver(tell: () => void): void {
    this.outbox.open();
    tell();
    this.outbox.close();
  }

  /** What it is granted, in the form that `give` makes of it. */
  acquire<T>(settings: Settings, give: (hold: Hold) => T, origin: Origin | null = null): Promise<T> {
    if (this.pursuit !== null || this.tenure !== null) {
      return Promise.reject(new HandleBusyError(this.resources, this.state));
    }
    if (settings.signal?.aborted) return Promise.reject(settings.signal.reason);
    const { lines, vigil, maxPending } = this.ground;
    if (!lines.enter()) return Promise.reject(new OverloadedError(this.resources, maxPending));
    return new Promise((resolve, reject) => {
      const pursuit = new Pursuit(this, inContext(settings), origin, (hold) => resolve(give(hold)), reject);
      this.pursuit = pursuit;
      vigil.add(this);
      this.announcer.tell("acquiring", pursuit.acquisition, {});
      this.send({ type: "ACQUIRE", acquisition: pursuit.acquisition, queued: !pursuit.lineUp() });
    });
  }

  /** Gives up an acquisition under way; does nothing otherwise. */
  abort(error: unknown): void {
    this.send({ type: "ABORT", error });
  }

  renew(hold: Hold, ttl: number | null): Promise<void> {
    if (!this.checkHeld(hold) || this.tenure === null) return Promise.reject(hold.overError());
    return this.tenure.renew(ttl);
  }

  release(hold: Hold): Promise<ReleaseOutcome> {
    if (hold.releasing !== null) return hold.releasing;
    if (!this.checkHeld(hold) || this.tenure === null) {
      return Promise.resolve(hold.end === "handedOver" ? "handedOver" : "expired");
    }
    this.tenure.release();
    return hold.releasing ?? Promise.resolve("released");
  }

  /** Ends the lease here without releasing it; its token is then somebody else's to adopt. */
  handOver(hold: Hold): string {
    if (!this.checkHeld(hold) || this.tenure === null) throw hold.overError();
    this.tenure.handOver();
    return hold.claim.token;
  }

  checkHeld(hold: Hold): boolean {
    return this.hold === hold ? (this.tenure?.checkHeld() ?? false) : hold.end === null;
  }

  /** The clocks have parted: what was set by them is to be looked at again. */
  wake(): void {
    this.tenure?.wake();
  }

  /**
   * Gives back whatever it has or asks for, because the manager closes. A job that did not ask for that is told by its
   * signal. A lease that others may go on with is not taken from them.
   */
  withdraw(error: unknown): void {
    this.abort(error);
    const { hold } = this;
    if (hold === null || hold.end !== null) return;
    hold.abort(error);
    if (this.tenure?.entrusted) this.tenure.handOver();
    else void this.release(hold);
  }

  /** The manager waits no longer: what is still under way ends here. */
  stop(): void {
    if (this.tenure !== null) this.send({ type: "RELEASED", votes: [] });
    this.alarm.clear();
    this.chart.stop();
    this.announcer.close();
  }

  // What the chart tells.

  get looks(): boolean {
    return this.ground.probes.any;
  }

  stepped(event: LockMachineEvent, from: string, to: string): void {
    this.ground.probes.lockStepped(this, event, from, to);
  }

  // What the chart asks for.

  armWait(): void {
    this.pursuit?.armWait();
  }

  askForGrant(attempt: number): void {
    this.pursuit?.ask(attempt);
  }

  scheduleRetry(event: RefusalEvent, attempt: number): void {
    this.pursuit?.scheduleRetry(event, attempt);
  }

  abandonAttempt(): void {
    this.pursuit?.abandonAttempt();
  }

  fail(event: FailureEvent): void {
    const { pursuit } = this;
    this.pursuit = null;
    this.ground.vigil.remove(this);
    this.ground.lines.exit();
    if (pursuit === null) return;
    const error = pursuit.fail(event);
    if (this.looks) this.ground.probes.lockFailed(this, event, error);
  }

  begin(event: Of<"GRANTED">): void {
    const { pursuit } = this;
    const hold = pursuit?.succeed(event.votes);
    if (!pursuit || !hold) return;
    this.pursuit = null;
    this.ground.lines.exit();
    this.tenure = new Tenure(this, hold, pursuit.settings);
  }

  armTimer(): void {
    this.tenure?.arm();
  }

  askForRenewal(): void {
    this.tenure?.askForRenewal();
  }

  prolong(event: Of<"RENEWED">): void {
    this.tenure?.prolong(event.votes);
  }

  reportQuorumLost(event: RefusalEvent): void {
    this.tenure?.reportQuorumLost(event);
  }

  askForRelease(): void {
    this.tenure?.askForRelease();
  }

  releaseRemains(): void {
    this.tenure?.releaseRemains();
  }

  finishRelease(event: Of<"RELEASED">): void {
    this.endTenure()?.finishRelease(event.votes);
  }

  lose(event: LossEvent): void {
    this.endTenure()?.lose(event);
  }

  letGo(): void {
    this.endTenure()?.letGo();
  }

  private endTenure(): Tenure | null {
    const { tenure } = this;
    this.tenure = null;
    this.ground.vigil.remove(this);
    return tenure;
  }
}
