import type { Vote } from "../engine/protocol/vote.js";
import { quorumOf } from "../engine/quorum/decision.js";
import type { RoundResult } from "../engine/quorum/round.js";
import { errorOf } from "./errors.js";
import type { Client, ExecutionStats } from "./types.js";

/** How many attempts of an operation are remembered: one that is repeated without end must not fill the memory. */
const mostRemembered = 100;

/** Who is told what nodes say against a lock. */
export interface ErrorListener {
  /** Whether anybody listens. */
  enabled(): boolean;
  error(error: Error): void;
  /** Whether a denial is told too, or failures alone. */
  readonly denials: boolean;
}

/** One call of the user's, and how its rounds went. */
export class Operation {
  /** The newest 100. */
  private rounds: RoundResult[] | null = null;
  private settled: Promise<ExecutionStats>[] | null = null;

  constructor(
    /** How many resources it is about. */
    readonly keys: number,
    /** By the names of their nodes. */
    private readonly clients: ReadonlyMap<string, Client>,
    readonly errorListener: ErrorListener,
  ) {}

  note(result: RoundResult): void {
    // Most have one.
    if (this.rounds === null) this.rounds = [result];
    else if (this.rounds.push(result) > mostRemembered) this.rounds.shift();
  }

  /** How many attempts were decided. */
  get count(): number {
    return this.rounds?.length ?? 0;
  }

  get last(): RoundResult | undefined {
    return this.rounds?.at(-1);
  }

  /** To be asked for when it is over; made when they are asked for. */
  get attempts(): Promise<ExecutionStats>[] {
    this.settled ??= (this.rounds ?? []).map(({ ballot }) =>
      ballot.everyVote().then((votes) => this.statsOf(votes)),
    );
    return this.settled;
  }

  private statsOf(votes: readonly Vote[]): ExecutionStats {
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
