import { Claim } from "./claim.js";
import type { Clock } from "./clock.js";
import { FenceSource } from "./fence.js";
import type { LockNode, Reply } from "./node.js";
import type { Random } from "./random.js";
import { type Observation, Seat } from "./seat.js";
import { freshToken } from "./token.js";

/** What one node said about keys; `failed` where it could not be asked. */
export interface NodeReport {
  readonly node: string;
  readonly reply: Reply;
}

export interface EngineOptions {
  readonly nodes: readonly LockNode[];
  readonly clock: Clock;
  readonly random: Random;
  readonly owner: string;
  /** ms that one node's answer may take. */
  readonly nodeTimeout: number;
  /** `node`: its place in `nodes`. */
  readonly observe: (node: number, observation: Observation, cause?: string) => void;
}

/** The quorum of nodes. Knows no lock and no lifecycle: it hands out claims, and refuses a server that would vote twice. */
export class QuorumEngine {
  readonly seats: readonly Seat[];
  readonly fences: FenceSource;
  private admission: Promise<void> | null = null;
  /** Whether every node has been met, or given its time to be. */
  admitted = false;
  /** Two nodes that turned out to be the same server when they were met, null if none were. */
  duplicate: readonly [string, string] | null = null;

  constructor(private readonly options: EngineOptions) {
    this.fences = new FenceSource(options.clock);
    const identities = new Map<string, Seat>();
    this.seats = options.nodes.map(
      (node, index) =>
        new Seat(node, options.clock, options.nodeTimeout, identities, (observation, cause) =>
          options.observe(index, observation, cause),
        ),
    );
  }

  /** A claim with a fresh token. */
  claim(keys: readonly string[]): Claim {
    const { clock, owner, random } = this.options;
    return new Claim(this.seats, clock, keys, freshToken(owner, random));
  }

  /** Meets every node once, so that the same server twice is found before anything is acquired. Bounded by the node timeout. */
  admit(): Promise<void> {
    this.admission ??= this.meetAll();
    return this.admission;
  }

  /** Asks every node who holds the keys. */
  async inspect(keys: readonly string[]): Promise<NodeReport[]> {
    const { clock, nodeTimeout } = this.options;
    return Promise.all(
      this.seats.map(
        (seat) =>
          new Promise<NodeReport>((resolve) => {
            const done = (reply: Reply) => {
              timer.cancel();
              resolve({ node: seat.node.name, reply });
            };
            let wanted = true;
            const timer = clock.after(nodeTimeout, () => {
              wanted = false;
              done(seat.noteSilence(nodeTimeout));
            });
            seat.ask({
              command: { op: "inspect", keys },
              wanted: () => wanted,
              sent: () => {},
              answered: done,
            });
          }),
      ),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.seats.map((seat) => seat.close()));
  }

  private meetAll(): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        timer.cancel();
        this.admitted = true;
        const double = this.seats.find((seat) => seat.duplicateOf !== null);
        if (double?.duplicateOf) this.duplicate = [double.duplicateOf, double.node.name];
        resolve();
      };
      const timer = this.options.clock.after(this.options.nodeTimeout, finish);
      void Promise.all(this.seats.map((seat) => seat.met())).then(finish);
    });
  }
}
