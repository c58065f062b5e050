import { quorumOf } from "../engine/protocol/quorum.js";
import type { Vote } from "../engine/protocol/vote.js";
import type { RoundResult } from "../engine/quorum/round.js";
import { errorOf } from "./errors.js";
import type { Client, ExecutionStats } from "./types.js";

/**
 * How many attempts of an operation are remembered: an operation that is repeated without end must not fill the memory.
 */
const maxRemembered = 100;

/** Receives the errors of nodes that vote against. */
export interface ErrorListener {
  /** Whether the event has a listener. */
  enabled(): boolean;
  error(error: Error): void;
  /** Whether denials are reported in addition to failures. */
  readonly denials: boolean;
  /**
   * Whether an acquisition, too, reports a key of another type. The scripts of redlock 4 read the key; those of the other
   * packages only look whether it exists.
   */
  readonly readsFirst: boolean;
}

/** One call of the user, and the results of its rounds. */
export class Operation {
  /** The newest 100 rounds. */
  private rounds: RoundResult[] | null = null;
  private settled: Promise<ExecutionStats>[] | null = null;

  constructor(
    /** How many resources the call names. */
    readonly keys: number,
    /** By node name. */
    private readonly clients: ReadonlyMap<string, Client>,
    readonly errorListener: ErrorListener,
  ) {}

  note(result: RoundResult): void {
    // Most operations have one round.
    if (this.rounds === null) this.rounds = [result];
    else if (this.rounds.push(result) > maxRemembered) this.rounds.shift();
  }

  /** How many attempts were decided. */
  get count(): number {
    return this.rounds?.length ?? 0;
  }

  get last(): RoundResult | undefined {
    return this.rounds?.at(-1);
  }

  /** Read after the operation; computed on first use. */
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
