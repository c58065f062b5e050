import { elapsed, type Timer } from "../engine/time/clock.js";
import { type DeposedReason, isHoldfastError } from "../errors.js";
import type { LeaseState } from "../lock/lease-state.js";
import type { Lock } from "../lock/lock.js";
import { TableActor } from "../machines/compiled/table-actor.js";
import type { electionMachine } from "../machines/election.js";
import type { ElectionMachineEvent } from "../machines/election-events.js";
import { type ElectionPort, electionPorts } from "../machines/election-port.js";
import type { ElectionState } from "../machines/election-state.js";
import { electionTable } from "../machines/tables.js";
import type { Manager } from "../manager/manager.js";
import { CampaignPause } from "./campaign-pause.js";
import { ElectionNotifier } from "./election-notifier.js";
import type { ElectionSettings } from "./election-settings.js";
import { warnOfFailedCampaign, warnOfLostTerm } from "./election-warnings.js";
import { ElectionTerm } from "./term.js";

/**
 * One candidate of an election, driven by its chart: campaigns by acquiring a lock, and leads while the lease lasts. The actions
 * take effect after the chart's step, see `ElectionNotifier`.
 */
export class Candidate implements ElectionPort {
  readonly notifier: ElectionNotifier;
  readonly #lock: Lock;
  readonly #chart: TableActor<typeof electionMachine>;
  readonly #pause: CampaignPause;
  /** The campaign that is under way, or the last one. Settles when nothing of it is left on the nodes. */
  #campaign: Promise<void> = Promise.resolve();
  #leaseState: LeaseState | null = null;
  /** The current term, or the last one. */
  #term: ElectionTerm | null = null;
  /** What the code of the current term failed with. */
  #failure: { readonly error: unknown } | null = null;
  /** The timer of the next campaign, or that limits the wait for the code of the term. */
  #timer: Timer | null = null;
  /** Called when the term, or the whole election, has ended. */
  readonly #onEnd: (() => void)[] = [];

  constructor(
    readonly name: string,
    private readonly settings: ElectionSettings,
    readonly manager: Manager,
    private readonly onClosed: () => void,
  ) {
    const { clock, random, inspect, onListenerError } = manager.context;
    this.notifier = new ElectionNotifier(name, clock, onListenerError);
    this.#pause = new CampaignPause(random);
    this.#lock = manager.factory.lock(name);
    this.#lock.election = this;
    // The lease of a leader is kept until the code of its term has stopped.
    this.#lock.onShutDown = () => this.send({ type: "CLOSE" });
    this.#lock.events.on("expired", ({ reason }) => this.send({ type: "LOST", reason }));
    this.#chart = new TableActor(electionTable(), { election: name });
    electionPorts.bind(this.#chart, this);
    if (inspect !== undefined) this.#chart.toActor(inspect);
  }

  get actor() {
    return this.#chart.toActor();
  }

  get state(): ElectionState {
    return this.#chart.state as ElectionState;
  }

  /** How many terms have begun. */
  get terms(): number {
    return this.#chart.context.terms;
  }

  /** The current term. Null if there is none, or if it is about to end. */
  get term(): ElectionTerm | null {
    return this.state === "leading" && (this.#term?.left() ?? 0) > 0 ? this.#term : null;
  }

  send(event: ElectionMachineEvent): void {
    // The chart does not throw, because none of its actions throws.
    this.#chart.send(event);
    this.notifier.deliver();
  }

  /** Waits until the term that is about to end has ended and its lease is released, or until the candidate has closed. */
  async ended(): Promise<void> {
    if (this.state === "resigning") await new Promise<void>((resolve) => this.#onEnd.push(resolve));
    if (this.state === "closed") await this.#campaign;
  }

  /** Called when the manager has closed. A lease that is still held is left to expire, because the code of its term still runs. */
  managerClosed(): void {
    this.send({ type: "CLOSE" });
    this.send({ type: "LOST", reason: "closed" });
  }

  // Called by the chart.

  campaign(): void {
    this.notifier.emit("campaigning", {});
    this.notifier.defer(() => {
      // A listener may have closed the election.
      if (this.state === "campaigning") this.#campaign = this.#acquire();
    });
  }

  abandonCampaign(): void {
    this.notifier.defer(() => this.#lock.abort(new DOMException("the election was closed", "AbortError")));
  }

  reportFailure(error: unknown): void {
    this.#pause.failed();
    const { delay } = this.#pause;
    if (!this.#isHeard("failed")) this.notifier.defer(() => warnOfFailedCampaign(this.name, error, delay));
    this.notifier.emit("failed", { error, delay });
  }

  beginTerm(number: number): void {
    const leaseState = this.#leaseState;
    if (leaseState === null) return;
    const resign = () => term === this.#term && this.send({ type: "RESIGN", reason: "resigned" });
    const term = new ElectionTerm(number, this.#lock, leaseState, resign);
    this.#term = term;
    this.#failure = null;
    this.notifier.emit("elected", { ...detailsOf(term), validUntil: term.validUntil });
    const { onElected } = this.settings;
    if (onElected === null) return;
    this.notifier.defer(() => {
      // A listener may have ended the term.
      if (term === this.term) void term.run(onElected, (error) => this.#workFailed(term, error));
    });
  }

  stopWork(reason: DeposedReason): void {
    this.#withTerm((term) => {
      term.stop(reason);
      const stopped = () => {
        if (term === this.#term && this.#chart.path === "resigning.stopping") this.send({ type: "STOPPED" });
      };
      // Code that does not stop must not keep others from leading for longer than a leader that has died would.
      if (term.running) this.#timer = this.manager.context.clock.after(term.left(), stopped);
      term.whenSettled(stopped);
    });
  }

  releaseLease(): void {
    this.#withTerm((term) => void term.release().then(() => this.send({ type: "RELEASED" })));
  }

  endTerm(reason: DeposedReason): void {
    if (reason === "failed") this.#pause.failed();
    else this.#pause.succeeded();
    this.#withTerm((term) => {
      if (!term.stopped && !this.#isWatched(term)) warnOfLostTerm(term.endedBy(reason), term.since);
      term.stop(reason);
      const ledFor = Math.round(elapsed(this.manager.context.clock, term.began));
      const details = { ...detailsOf(term), reason, ledFor, ...(reason === "failed" ? this.#failure : {}) };
      this.notifier.emit("deposed", details);
      const { onDeposed } = this.settings;
      if (onDeposed !== null) this.notifier.callDeposed(onDeposed, details);
    });
  }

  concludeTerm(): void {
    this.#timer?.cancel();
    this.#settle();
  }

  scheduleCampaign(): void {
    const campaign = () => this.send({ type: "CAMPAIGN" });
    const pause = () => {
      if (this.state !== "follower") return;
      const { delay } = this.#pause;
      if (delay === 0) campaign();
      else this.#timer = this.manager.context.clock.after(delay, campaign);
    };
    this.notifier.defer(() => (this.#term === null ? pause() : this.#term.whenSettled(pause)));
  }

  finish(): void {
    this.#timer?.cancel();
    this.onClosed();
    this.notifier.defer(() => this.#chart.stop());
    this.#settle();
  }

  /** Whether anybody learns of the loss of the term. */
  #isWatched(term: ElectionTerm): boolean {
    const { onDeposed, acquisition } = this.settings;
    return term.watched || onDeposed !== null || acquisition.onLost !== null || this.#isHeard("deposed");
  }

  /** Whether an event has a listener, or the event of the lock that comes with it. */
  #isHeard(name: "deposed" | "failed"): boolean {
    const { events, observers, inspect } = this.manager.context;
    const isObserved = observers.anyActive || inspect !== undefined;
    const ofLock = name === "deposed" ? "expired" : name;
    return isObserved || this.notifier.events.hasListeners(name) || events.hasListeners(ofLock);
  }

  #settle(): void {
    this.notifier.defer(() => {
      for (const call of this.#onEnd.splice(0)) call();
    });
  }

  #withTerm(act: (term: ElectionTerm) => void): void {
    const term = this.#term;
    if (term !== null) this.notifier.defer(() => act(term));
  }

  async #acquire(): Promise<void> {
    let leaseState: LeaseState;
    try {
      this.manager.factory.checkOpen();
      leaseState = await this.#lock.acquire(this.settings.acquisition, (granted) => granted);
    } catch (error) {
      return this.send(
        isHoldfastError(error, "MANAGER_CLOSED") ? { type: "CLOSE" } : { type: "FAILED", error },
      );
    }
    if (this.state !== "campaigning") {
      await this.#lock.release(leaseState);
    } else if (this.#lock.checkHeld(leaseState)) {
      this.#leaseState = leaseState;
      this.send({ type: "ELECTED" });
    } else this.send({ type: "FAILED", error: leaseState.overError() });
  }

  #workFailed(term: ElectionTerm, error: unknown): void {
    this.notifier.reportFailed(error);
    if (term !== this.#term || term.stopped) return;
    this.#failure = { error };
    this.send({ type: "RESIGN", reason: "failed" });
  }
}

const detailsOf = ({ number, fence }: ElectionTerm) =>
  // The fence is undefined unless the election has fences, whatever its type says.
  (fence as number | undefined) === undefined ? { term: number } : { term: number, fence };
