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
  /** Breaks what exclusion rests on. */
  readonly beyond?: true;
  /** Lets it happen, and gives what ends it. */
  begin(stage: Stage, aim: Aim): Promise<End> | End;
}

/** ms until everybody is connected again. */
export const reconnected = 1_000;
/** ms for which a node that lost its memory abstains, and a while. */
export const rested = standardOptions.ttl + 1_500;

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
