import type { AnyStateNode } from "xstate";
import { lockMachine } from "../../../machines/lock.js";
import type { EventName } from "./checker.js";

/** A set of the chart's innermost states, a bit each. */
export type States = number;

/** What is told when these actions run. */
const told: Record<string, EventName> = {
  openAcquisition: "acquiring",
  scheduleRetry: "retrying",
  begin: "acquired",
  prolong: "renewed",
  reportQuorumLost: "quorumLost",
  finishRelease: "released",
  lose: "expired",
  fail: "failed",
};

/** Not told where the time left does not allow another attempt. */
const optional = new Set<EventName>(["retrying"]);

interface Automaton {
  /** Where an acquisition begins. */
  readonly start: States;
  /** Where it can be when this is heard; 0 if it cannot be heard. */
  follow(from: States, event: EventName): States;
  /** Whether the lock can be in this top-level state meanwhile. */
  includes(states: States, state: string): boolean;
  namesOf(states: States): string;
}

let derived: Automaton | null = null;

/** What can be heard of a lock in which order, by its chart. */
export function automaton(): Automaton {
  derived ??= derive();
  return derived;
}

function derive(): Automaton {
  const leaves = leavesOf(lockMachine.root);
  const bitOf = (leaf: AnyStateNode): States => 1 << leaves.indexOf(leaf);
  const silent = new Map<States, States>();
  const loud = new Map<string, States>();
  const add = <Key>(map: Map<Key, States>, key: Key, states: States) =>
    void map.set(key, (map.get(key) ?? 0) | states);
  for (const leaf of leaves) {
    const from = bitOf(leaf);
    for (let node: AnyStateNode | undefined = leaf; node !== undefined; node = node.parent) {
      for (const { target, actions } of [...node.transitions.values()].flat()) {
        const end = target?.[0] === undefined ? leaf : innermost(target[0]);
        const event = [...actions, ...end.entry].map((action) => told[nameOf(action)]).find((name) => name);
        if (event !== undefined) add(loud, `${from} ${event}`, bitOf(end));
        if (event === undefined || optional.has(event)) add(silent, from, bitOf(end));
      }
    }
  }
  const each = (states: States, next: (leaf: States) => States) =>
    leaves.reduce((all, leaf) => ((states & bitOf(leaf)) === 0 ? all : all | next(bitOf(leaf))), 0);
  const closure = (states: States): States => {
    const more = states | each(states, (leaf) => silent.get(leaf) ?? 0);
    return more === states ? states : closure(more);
  };
  const known = new Map<string, States>();
  const idle = bitOf(innermost(lockMachine.root));
  const expired = leaves.filter(({ key }) => key === "expired").reduce((all, leaf) => all | bitOf(leaf), 0);
  return {
    start: idle | expired,
    follow(from, event) {
      const key = `${from} ${event}`;
      const to = known.get(key) ?? closure(each(from, (leaf) => loud.get(`${leaf} ${event}`) ?? 0));
      known.set(key, to);
      return to;
    },
    includes: (states, state) =>
      leaves.some((leaf) => (states & bitOf(leaf)) !== 0 && leaf.path[0] === state),
    namesOf: (states) =>
      leaves
        .filter((leaf) => (states & bitOf(leaf)) !== 0)
        .map(({ path }) => path.join("."))
        .join(" or "),
  };
}

/** The chart gives its actions by name alone. */
const nameOf = (action: unknown): string =>
  typeof action === "string" ? action : (action as { type: string }).type;

const leavesOf = (node: AnyStateNode): AnyStateNode[] => {
  const inner = Object.values<AnyStateNode>(node.states);
  return inner.length === 0 ? [node] : inner.flatMap(leavesOf);
};

const innermost = (node: AnyStateNode): AnyStateNode => {
  const first = node.initial?.target[0];
  return first === undefined ? node : innermost(first as AnyStateNode);
};
