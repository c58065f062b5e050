import type { Link } from "./proxy.js";
import { standardOptions, type Testbed } from "./testbed.js";

/** The target of a fault: a server, a client process, or one of the groups that are one vote. */
export const scopes = ["server", "client", "sentinel", "cluster"] as const;
export type Scope = (typeof scopes)[number];

/** The planned parameters of a fault, besides its kind. */
export interface Aim {
  /** The index of the server or client. */
  readonly target: number;
  /** A random number from 0 to 1, from which all further choices are derived. */
  readonly chance: number;
}

export type End = () => Promise<void> | void;

export interface Kind {
  readonly scope: Scope;
  /** The relative frequency. */
  readonly weight: number;
  /** Minimum and maximum duration in ms; 0 for a fault that ends immediately. */
  readonly lasts: readonly [number, number];
  /** Time in ms from the end of the fault until its target counts as healthy. */
  readonly settles: number;
  /** The node loses its memory. */
  readonly forgets?: true;
  /** Time in ms from the end of the fault until the node may vote again. */
  readonly abstains?: number;
  /** The node restores old data, including keys that were released since. */
  readonly restores?: true;
  /** The fault affects all servers, not only its target. */
  readonly everywhere?: true;
  /** The fault violates the assumptions of exclusion. */
  readonly beyond?: true;
  /** Injects the fault. Returns the function that ends the fault. */
  begin(testbed: Testbed, aim: Aim): Promise<End> | End;
}

/** Time in ms until all clients are connected again. */
export const reconnected = 1_000;
/** How long a node abstains after it lost its memory, in ms. */
const abstains = Math.ceil(standardOptions.ttl * 1.01) + 2;
/** The properties of a fault that makes a node lose its memory. */
export const forgetful = { forgets: true, abstains, settles: standardOptions.ttl + 1_500 } as const;

export const nothing: End = () => {};

/** Returns a function that heals the links; with `cut`, it cuts their connections first. */
export const healed =
  (links: readonly Link[], cut: boolean): End =>
  () => {
    for (const link of links) {
      if (cut) link.cut();
      link.heal();
    }
  };
