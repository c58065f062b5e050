import { bindMethods } from "../support/bind-methods.js";
import { Printed } from "../support/printed.js";
import type { Candidate } from "./candidate.js";
import type { ElectionEvents } from "./events.js";
import { leaderOf } from "./leader.js";
import type { Election, ElectionActor, ElectionState, FencedTerm, Leader } from "./types.js";

/** The implementation of `Election` over one candidate. */
export class ManagedElection extends Printed implements Election<FencedTerm> {
  readonly #candidate: Candidate;

  constructor(candidate: Candidate) {
    super();
    this.#candidate = candidate;
    bindMethods(this);
  }

  get name(): string {
    return this.#candidate.name;
  }

  get state(): ElectionState {
    return this.#candidate.state;
  }

  get isLeader(): boolean {
    // The question counts as one of the code of the term.
    return (this.#candidate.term?.remaining() ?? 0) > 0;
  }

  get term(): FencedTerm | null {
    return this.#candidate.term;
  }

  get actor(): ElectionActor {
    // The actor has more members than the interface. Its snapshots have the same shape.
    return this.#candidate.actor as ElectionActor;
  }

  async leader(): Promise<Leader | null> {
    const { manager, name, term } = this.#candidate;
    const inspection = await manager.inspect(name);
    const own = this.#candidate.term === term ? term : null;
    return leaderOf(inspection, manager.context.clock.wall(), own);
  }

  async resign(): Promise<void> {
    this.#candidate.send({ type: "RESIGN", reason: "resigned" });
    await this.#candidate.ended();
  }

  async close(): Promise<void> {
    this.#candidate.send({ type: "CLOSE" });
    await this.#candidate.ended();
  }

  on<Name extends keyof ElectionEvents>(name: Name, listener: ElectionEvents[Name]): this {
    this.#candidate.notifier.events.on(name, listener);
    return this;
  }

  once<Name extends keyof ElectionEvents>(name: Name, listener: ElectionEvents[Name]): this {
    this.#candidate.notifier.events.once(name, listener);
    return this;
  }

  off<Name extends keyof ElectionEvents>(name: Name, listener: ElectionEvents[Name]): this {
    this.#candidate.notifier.events.off(name, listener);
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  toJSON(): object {
    return { name: this.name, state: this.state, term: this.term };
  }
}
