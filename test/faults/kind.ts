import type { Link } from "./proxy.js";
import { type Stage, standardOptions } from "./stage.js";

/** What a fault hurts: a server, a process of clients, or one of the groups that is a vote by itself. */
export const scopes = ["server", "client", "sentinel", "cluster"] as const;
export type Scope = (typeof scopes)[number];

/** What is decided beforehand about one fault, beside its kind. */
export interface Aim {
  /** The number of the server, or of the client. */
  readonly target: number;
  /** From 0 to 1: decides what else there is to decide. */
  readonly chance: number;
}

export type End = () => Promise<void> | void;

export interface Kind {
  readonly scope: Scope;
  /** How often, compared with the others. */
  readonly weight: number;
  /** ms, from and to; 0: it is over as soon as it is done. */
  readonly lasts: readonly [number, number];
  /** ms from its end until its target counts as sound again. */
  readonly settles: number;
  /** The node forgets what it granted. */
  readonly forgets?: true;
  /** ms from its end until the node may vote again. */
  readonly abstains?: number;
  /** The node has again what it once had, also what was released since. */
  readonly restores?: true;
  /** It hurts all servers, not its target alone. */
  readonly everywhere?: true;
  /** Breaks what exclusion rests on. */
  readonly beyond?: true;
  /** Lets it happen, and gives what ends it. */
  begin(stage: Stage, aim: Aim): Promise<End> | End;
}

/** ms until everybody is connected again. */
export const reconnected = 1_000;
/** ms for which a node that lost its memory abstains. */
const abstains = Math.ceil(standardOptions.ttl * 1.01) + 2;
/** What follows for one that did; and a while, until it has its rest behind it. */
export const forgetful = { forgets: true, abstains, settles: standardOptions.ttl + 1_500 } as const;

export const nothing: End = () => {};

/** Ends what is said to be so on these links. */
export const healed =
  (links: readonly Link[], cut: boolean): End =>
  () => {
    for (const link of links) {
      if (cut) link.cut();
      link.heal();
    }
  };
