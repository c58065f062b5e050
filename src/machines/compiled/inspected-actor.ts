import {
  Actor,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createEmptyActor,
  type InspectionEvent,
} from "xstate";
import { sharePort } from "../port.js";

interface Event {
  readonly type: string;
}

/** An action with its arguments. */
interface Action extends Event {
  readonly params: unknown;
  readonly info: unknown;
  readonly exec?: (info: unknown, params: unknown) => void;
}

/** An inspection event to which the id of the root actor is yet to be added. */
interface Told extends Event {
  readonly actorRef: object;
  readonly [detail: string]: unknown;
}

/**
 * The method of an actor's system that reports inspection events. XState's own packages use the method, but its types omit
 * it. Without the method, an actor works, and inspectors are told less.
 */
export interface InspectedSystem {
  _sendInspectionEvent?(event: Told): void;
}

const template = createEmptyActor();
let serial = 0;

/** Looks up in an XState actor what `InspectedActor` does not have itself. */
const forwarding: object = new Proxy(Object.create(Actor.prototype), {
  get(_, name, inspected: InspectedActor) {
    if (!(name in template)) return undefined;
    const actor = inspected.toActor();
    const value: unknown = Reflect.get(actor, name);
    return typeof value === "function" ? value.bind(actor) : value;
  },
});

/**
 * The actor of a state machine that XState's inspection observes. Most locks are used once, and to create XState's own
 * `Actor` for each of them takes longer than all of their transitions. This class sends the same inspection events, and
 * creates the `Actor` when something else is asked of it, such as a subscription.
 */
export class InspectedActor implements InspectedSystem {
  readonly sessionId: string;
  private actor: Actor<AnyStateMachine> | null = null;
  private mailbox: Event[] | null = null;
  private busy = false;

  constructor(
    readonly logic: AnyStateMachine,
    private snapshot: AnyMachineSnapshot,
    private readonly inspect: (event: InspectionEvent) => void,
  ) {
    serial += 1;
    this.sessionId = `${template.sessionId}.${serial}`;
    const event = { type: "xstate.init", input: undefined };
    this._sendInspectionEvent({ type: "@xstate.actor", actorRef: this });
    this.reportEvent(event);
    this.reportSnapshot(event);
  }

  get id(): string {
    return this.sessionId;
  }

  get src(): AnyStateMachine {
    return this.logic;
  }

  get ref(): this {
    return this;
  }

  get _parent(): undefined {
    return undefined;
  }

  getSnapshot(): AnyMachineSnapshot {
    return this.actor?.getSnapshot() ?? this.snapshot;
  }

  send(event: Event): void {
    if (this.actor !== null && !this.busy) this.actor.send(event);
    else this.enqueue(event, true);
  }

  stop(): this {
    this.mailbox = null;
    if (this.actor !== null && !this.busy) this.actor.stop();
    else this.enqueue({ type: "xstate.stop" }, false);
    return this;
  }

  /** XState's own actor. From now on it processes the events. */
  toActor(): Actor<AnyStateMachine> {
    if (this.actor !== null) return this.actor;
    this.actor = new Actor(this.logic, { id: this.id, snapshot: this.snapshot });
    if (this.snapshot.status === "active") this.actor.start();
    else this.actor.stop();
    if (!this.busy) this.attach(this.actor);
    return this.actor;
  }

  _sendInspectionEvent(event: Told): void {
    (event as { rootId?: string }).rootId = this.sessionId;
    this.inspect(event as unknown as InspectionEvent);
  }

  private reportEvent(event: Event): void {
    this._sendInspectionEvent({ type: "@xstate.event", sourceRef: undefined, actorRef: this, event });
  }

  private reportSnapshot(event: Event): void {
    const snapshot = this.getSnapshot();
    this._sendInspectionEvent({ type: "@xstate.snapshot", actorRef: this, event, snapshot });
  }

  private enqueue(event: Event, isReported: boolean): void {
    if (this.busy) {
      if (isReported) this.reportEvent(event);
      this.mailbox ??= [];
      this.mailbox.push(event);
      return;
    }
    this.busy = true;
    try {
      if (isReported) this.reportEvent(event);
      this.process(event);
      while (this.mailbox?.length) this.process(this.mailbox.shift()!);
    } catch (error) {
      this.snapshot = { ...this.snapshot, status: "error", error } as AnyMachineSnapshot;
      throw error;
    } finally {
      this.busy = false;
      if (this.actor !== null) this.attach(this.actor);
    }
  }

  private process(event: Event): void {
    if (this.snapshot.status !== "active") return;
    const scope = { self: this, system: this, actionExecutor: (action: Action) => this.execute(action) };
    // The scope has all that a transition of this logic uses.
    this.snapshot = this.logic.transition(this.snapshot, event, scope as never);
    // An actor that was created meanwhile has no port yet, so that it repeats the transition without effects.
    this.actor?.send(event);
    this.reportSnapshot(event);
  }

  private execute({ type, params, info, exec }: Action): void {
    this._sendInspectionEvent({ type: "@xstate.action", actorRef: this, action: { type, params } });
    exec?.(info, params);
  }

  /** Gives the actor effects, and reports its inspection events as those of this object. */
  private attach(actor: Actor<AnyStateMachine>): void {
    sharePort(this, actor);
    const system: InspectedSystem = actor.system as never;
    const sendToOthers = system._sendInspectionEvent;
    system._sendInspectionEvent = (event) => {
      this._sendInspectionEvent({ ...event, actorRef: this });
      sendToOthers?.(event);
    };
  }
}

Object.setPrototypeOf(InspectedActor.prototype, forwarding);
