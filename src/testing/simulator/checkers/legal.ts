import type { AnyStateNode } from "xstate";
import type { LockMode } from "../../../engine/protocol/token.js";
import { lockMachine } from "../../../machines/lock.js";
import { sharedMachine } from "../../../machines/shared.js";
import type { EventName } from "./checker.js";

/** A set of the chart's innermost states, one bit each. */
export type States = number;

/** The event that each action emits. */
const eventByAction: Record<string, EventName> = {
  openAcquisition: "acquiring",
  scheduleRetry: "retrying",
  begin: "acquired",
  prolong: "renewed",
  finishUpgrade: "upgraded",
  reportQuorumLost: "quorumLost",
  finishRelease: "released",
  lose: "expired",
  fail: "failed",
};

/** Events that are omitted if the remaining time allows no further attempt. */
const optional = new Set<EventName>(["retrying"]);

interface Automaton {
  /** The states in which an acquisition begins. */
  readonly start: States;
  /** The possible states after an event; 0 if the event cannot occur. */
  follow(from: States, event: EventName): States;
  /** Whether one of the states is inside this top-level state. */
  includes(states: States, state: string): boolean;
  namesOf(states: States): string;
}

const derived = new Map<AnyStateNode, Automaton>();

/** Returns the automaton of legal event sequences, derived once from the chart of locks of this mode. */
export function automaton(mode: LockMode): Automaton {
  const root: AnyStateNode = mode === "shared" ? sharedMachine.root : lockMachine.root;
  const known = derived.get(root) ?? derive(root);
  derived.set(root, known);
  return known;
}

function derive(root: AnyStateNode): Automaton {
  const leaves = leavesOf(root);
  const bitOf = (leaf: AnyStateNode): States => 1 << leaves.indexOf(leaf);
  const eventlessEnds = new Map<States, States>();
  const eventEnds = new Map<string, States>();
  const add = <Key>(map: Map<Key, States>, key: Key, states: States) =>
    void map.set(key, (map.get(key) ?? 0) | states);
  for (const leaf of leaves) {
    const from = bitOf(leaf);
    for (let node: AnyStateNode | undefined = leaf; node !== undefined; node = node.parent) {
      for (const { target, actions } of [...node.transitions.values()].flat()) {
        const end = target?.[0] === undefined ? leaf : innermost(target[0]);
        const event = [...actions, ...end.entry]
          .map((action) => eventByAction[nameOf(action)])
          .find((name) => name);
        if (event !== undefined) add(eventEnds, `${from} ${event}`, bitOf(end));
        if (event === undefined || optional.has(event)) add(eventlessEnds, from, bitOf(end));
      }
    }
  }
  const each = (states: States, next: (leaf: States) => States) =>
    leaves.reduce((all, leaf) => ((states & bitOf(leaf)) === 0 ? all : all | next(bitOf(leaf))), 0);
  const closure = (states: States): States => {
    const more = states | each(states, (leaf) => eventlessEnds.get(leaf) ?? 0);
    return more === states ? states : closure(more);
  };
  const known = new Map<string, States>();
  const idle = bitOf(innermost(root));
  const expired = leaves.filter(({ key }) => key === "expired").reduce((all, leaf) => all | bitOf(leaf), 0);
  return {
    start: idle | expired,
    follow(from, event) {
      const key = `${from} ${event}`;
      const to = known.get(key) ?? closure(each(from, (leaf) => eventEnds.get(`${leaf} ${event}`) ?? 0));
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

/** The chart refers to actions by name. */
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
