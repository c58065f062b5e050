import type {
  Actor,
  AnyMachineSnapshot,
  AnyStateMachine,
  ContextFrom,
  EventFromLogic,
  InputFrom,
  StateValue,
} from "xstate";
import { sharePort } from "../port.js";
import {
  type CompiledAction,
  type CompiledState,
  type CompiledTransition,
  type Inspect,
  pathOf,
  type Table,
  topOf,
} from "./table.js";

/** Is notified of each transition while `observes` is true. States are given with their substates: "acquiring.asking". */
export interface TransitionObserver<Machine extends AnyStateMachine> {
  readonly observes: boolean;
  transitioned(event: EventFromLogic<Machine>, from: string, to: string): void;
}

/**
 * Runs a state machine from its table, and switches to XState's own actor when the machine is to be inspected. Actions
 * must not throw: as with XState, an action that throws stops the machine, and the error is uncaught.
 */
export class TableActor<Machine extends AnyStateMachine> {
  private leaf: CompiledState;
  private currentContext: ContextFrom<Machine>;
  /** One object for all actions, so no action may keep it. Its context is that of the transition in progress. */
  private readonly args: Parameters<CompiledAction>[0];
  private mailbox: EventFromLogic<Machine>[] | null = null;
  private actor: Actor<Machine> | null = null;
  private busy = false;
  /** Whether actions are running. */
  private runningActions = false;
  private stopped = false;

  constructor(
    private readonly table: Table<Machine>,
    input: InputFrom<Machine>,
    private readonly observer: TransitionObserver<Machine> | null = null,
  ) {
    this.currentContext = table.context({ input });
    this.args = { context: this.currentContext, event: { type: "xstate.init", input }, self: this };
    this.leaf = table.start.target;
    this.apply(table.start);
  }

  /** While actions run, the value and the context are those from before the transition, as with XState. */
  get value(): StateValue {
    return this.observed?.value ?? this.leaf.value;
  }

  get context(): ContextFrom<Machine> {
    return this.observed?.context ?? this.currentContext;
  }

  /** The top-level state's name. */
  get state(): string {
    return this.actor === null ? this.leaf.state : topOf(this.value);
  }

  /** The state with its substate: "acquiring.asking". */
  get path(): string {
    return this.actor === null ? this.leaf.path : pathOf(this.value);
  }

  send(event: EventFromLogic<Machine>): void {
    if (this.busy) {
      this.mailbox ??= [];
      this.mailbox.push(event);
      return;
    }
    this.busy = true;
    try {
      this.process(event);
      while (this.mailbox?.length) this.process(this.mailbox.shift()!);
    } catch (error) {
      this.stopped = true;
      setTimeout(() => {
        throw error;
      });
    }
    this.busy = false;
    if (this.stopped) this.actor?.stop();
  }

  /** Stops the machine: events that are not yet processed, and all later events, are ignored. */
  stop(): void {
    this.stopped = true;
    if (!this.busy) this.actor?.stop();
  }

  /**
   * Switches to the returned XState actor, without entering the current state again. Events must still be sent to this
   * object, which tracks whether a transition is in progress.
   */
  toActor(inspect?: Inspect): Actor<Machine> {
    if (this.actor !== null) return this.actor;
    this.actor = this.table.startActor(this.table.start, this.leaf, this.currentContext, inspect);
    if (!this.runningActions) sharePort(this, this.actor);
    if (this.stopped) this.stop();
    return this.actor;
  }

  private get observed(): AnyMachineSnapshot | undefined {
    return this.actor?.getSnapshot();
  }

  private process(event: EventFromLogic<Machine>): void {
    if (this.stopped) return;
    const { observer } = this;
    if (observer === null || !observer.observes) return this.step(event);
    const from = this.path;
    this.step(event);
    const to = this.path;
    // An event that the state does not handle causes no transition.
    if (from !== to) observer.transitioned(event, from, to);
  }

  private step(event: EventFromLogic<Machine>): void {
    if (this.actor !== null) return this.actor.send(event);
    this.args.event = event;
    for (const transition of this.leaf.on.get(event.type) ?? []) {
      if (transition.guard !== null && !transition.guard(this.args)) continue;
      this.runningActions = true;
      this.apply(transition);
      this.runningActions = false;
      this.catchUp(event);
      return;
    }
  }

  private apply({ steps, target }: CompiledTransition): void {
    const { args } = this;
    for (const { assigns, run } of steps) {
      const update = run(args);
      if (assigns) args.context = Object.assign({}, args.context, update);
    }
    // The cast is safe: the initial context came from the machine, and only its own assigns updated the context.
    this.currentContext = args.context as ContextFrom<Machine>;
    this.leaf = target;
  }

  /**
   * An actor that was created during a transition starts from the state before it. The actor repeats the transition
   * without a port, because the effects have been executed here.
   */
  private catchUp(event: EventFromLogic<Machine>): void {
    if (this.actor === null) return;
    this.actor.send(event);
    sharePort(this, this.actor);
  }
}
