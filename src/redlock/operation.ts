import { quorumOf } from "../engine/quorum.js";
import type { RoundResult } from "../engine/round.js";
import type { Vote } from "../engine/vote.js";
import { errorOf } from "./errors.js";
import type { Client, ExecutionStats } from "./types.js";

/** How many attempts of an operation are remembered: one that is repeated without end must not fill the memory. */
const mostRemembered = 1_000;

/** One call of the user's, and how its rounds went. */
export class Operation {
  /** The newest 1,000. */
  readonly #rounds: RoundResult[] = [];
  #attempts: Promise<ExecutionStats>[] | null = null;

  constructor(
    /** How many resources it is about. */
    private readonly keys: number,
    /** By the names of their nodes. */
    private readonly clients: ReadonlyMap<string, Client>,
  ) {}

  note(result: RoundResult): void {
    this.#rounds.push(result);
    if (this.#rounds.length > mostRemembered) this.#rounds.shift();
  }

  /** How many attempts were decided. */
  get count(): number {
    return this.#rounds.length;
  }

  get last(): RoundResult | undefined {
    return this.#rounds.at(-1);
  }

  /** To be asked for when it is over; made when they are asked for. */
  get attempts(): Promise<ExecutionStats>[] {
    this.#attempts ??= this.#rounds.map(({ ballot }) =>
      ballot.everyVote().then((votes) => this.#statsOf(votes)),
    );
    return this.#attempts;
  }

  #statsOf(votes: readonly Vote[]): ExecutionStats {
    const votesFor = new Set<Client>();
    const votesAgainst = new Map<Client, Error>();
    for (const vote of votes) {
      const client = this.clients.get(vote.node);
      const error = errorOf(vote, this.keys);
      if (error === null) votesFor.add(client);
      else votesAgainst.set(client, error);
    }
    return { membershipSize: votes.length, quorumSize: quorumOf(votes.length), votesFor, votesAgainst };
  }
}
