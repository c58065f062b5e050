import { createActor } from "xstate";
import type { Origin } from "../engine/claim.js";
import { HandleBusyError } from "../errors.js";
import { type LockActor, lockMachine } from "../machines/lock.js";
import type { FailureEvent, LockMachineEvent, LossEvent, RefusalEvent } from "../machines/lock-events.js";
import { type LockPort, lockPorts } from "../machines/lock-port.js";
import { Alarm } from "./alarm.js";
import { Announcer } from "./announce.js";
import { SafeEmitter } from "./emitter.js";
import type { LockEvents } from "./events.js";
import type { Surroundings } from "./ground.js";
import type { Hold } from "./hold.js";
import type { LockParts } from "./lock-parts.js";
import { Outbox } from "./outbox.js";
import { Pursuit } from "./pursuit.js";
import type { Settings } from "./settings.js";
import { Tenure } from "./tenure.js";
import type { LockState, ReleaseOutcome } from "./types.js";

type Of<Type extends LockMachineEvent["type"]> = Extract<LockMachineEvent, { type: Type }>;

/** One lock: its chart, and what the chart drives: first a pursuit, then a tenure, and again. */
export class Lock implements LockPort, LockParts {
  readonly actor: LockActor;
  readonly events: SafeEmitter<LockEvents>;
  readonly alarm: Alarm;
  readonly announcer: Announcer;
  readonly outbox: Outbox;
  private pursuit: Pursuit | null = null;
  private tenure: Tenure | null = null;

  constructor(
    readonly ground: Surroundings,
    readonly resources: readonly string[],
    readonly keys: readonly string[],
    /** Called when it begins to be in use, and when it is no longer. */
    private readonly onUse: (lock: Lock, inUse: boolean) => void,
  ) {
    this.events = new SafeEmitter(ground.onListenerError);
    this.alarm = new Alarm(ground.engine.agenda, ground.background);
    this.outbox = new Outbox(ground.clock);
    this.announcer = new Announcer(ground, resources, this.events, this.outbox);
    const { inspect } = ground;
    this.actor = createActor(lockMachine, {
      input: { resources },
      ...(inspect === undefined ? {} : { inspect }),
    });
    lockPorts.bind(this.actor, this);
    this.actor.start();
  }

  get state(): LockState {
    const { value } = this.actor.getSnapshot();
    // A state with substates is an object of one key, the state's name.
    return (typeof value === "string" ? value : Object.keys(value)[0]) as LockState;
  }

  get acquiring(): boolean {
    return this.pursuit !== null;
  }

  get hold(): Hold | null {
    return this.tenure?.hold ?? null;
  }

  send(event: LockMachineEvent): void {
    this.outbox.around(() => this.actor.send(event));
  }

  acquire(settings: Settings, origin: Origin | null = null): Promise<Hold> {
    if (this.pursuit !== null || this.tenure !== null) {
      return Promise.reject(new HandleBusyError(this.resources, this.state));
    }
    if (settings.signal?.aborted) return Promise.reject(settings.signal.reason);
    return new Promise((resolve, reject) => {
      const pursuit = new Pursuit(this, settings, origin, { resolve, reject });
      this.pursuit = pursuit;
      this.onUse(this, true);
      this.announcer.tell("acquiring", pursuit.acquisition, {});
      this.send({ type: "ACQUIRE", acquisition: pursuit.acquisition });
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
    hold.releasing = this.tenure.release();
    return hold.releasing;
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
    this.actor.stop();
    this.events.clear();
  }

  // What the chart asks for.

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
    this.onUse(this, false);
    pursuit?.fail(event);
  }

  begin(event: Of<"GRANTED">): void {
    const { pursuit } = this;
    const hold = pursuit?.succeed(event.votes);
    if (!pursuit || !hold) return;
    this.pursuit = null;
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
    this.onUse(this, false);
    return tenure;
  }
}
