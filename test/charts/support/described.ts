import type { AnyStateMachine } from "xstate";

/** The content of a machine's configuration, read without the code under test. */
export interface DescribedChart {
  readonly states: readonly string[];
  /** In its order: source, event, guard, and the target as given; null for none. */
  readonly transitions: readonly DescribedTransition[];
  readonly entries: readonly (readonly [state: string, action: string])[];
}

interface DescribedTransition {
  readonly from: string;
  readonly event: string;
  readonly guard: string | null;
  readonly actions: readonly string[];
  readonly reenter: boolean;
  readonly to: string | null;
}

interface Config {
  readonly states?: Readonly<Record<string, Config>>;
  readonly entry?: string | readonly string[];
  readonly on?: Readonly<Record<string, OneOrMore>>;
}

type OneOrMore = string | Transition | readonly (string | Transition)[];

interface Transition {
  readonly target?: string;
  readonly guard?: string;
  readonly actions?: string | readonly string[];
  readonly reenter?: boolean;
}

const list = <One>(given: One | readonly One[] | undefined): readonly One[] =>
  given === undefined ? [] : Array.isArray(given) ? given : [given as One];

export function describedBy(machine: AnyStateMachine): DescribedChart {
  const states: string[] = [];
  const transitions: DescribedTransition[] = [];
  const entries: [string, string][] = [];
  const read = (config: Config, path: readonly string[]): void => {
    const from = path.join(".");
    if (from !== "") states.push(from);
    for (const action of list(config.entry)) entries.push([from, action]);
    for (const [event, given] of Object.entries(config.on ?? {})) {
      for (const one of list<string | Transition>(given)) {
        const {
          target,
          guard = null,
          actions,
          reenter = false,
        } = typeof one === "string" ? { target: one } : one;
        const to = target === undefined ? null : resolved(target, path);
        transitions.push({ from, event, guard, actions: list(actions), reenter, to });
      }
    }
    for (const [key, inner] of Object.entries(config.states ?? {})) read(inner, [...path, key]);
  };
  // Our machines give actions and guards by name only, which XState's type does not say.
  read(machine.config as Config, []);
  return { states, transitions, entries };
}

/** Resolves a sibling's name, "#machine.path", or ".child". */
function resolved(target: string, from: readonly string[]): string {
  if (target.startsWith("#")) return target.slice(target.indexOf(".") + 1);
  if (target.startsWith(".")) return [...from, target.slice(1)].join(".");
  return [...from.slice(0, -1), target].join(".");
}
