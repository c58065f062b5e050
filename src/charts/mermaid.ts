import type { ChartModel, ChartState, ChartTransition } from "./model.js";

/** The chart as a Mermaid `stateDiagram-v2`. */
export function mermaidOf({ initial, states, transitions }: ChartModel): string {
  const everywhere = transitions.filter(({ from }) => from === "");
  const lines = [
    `[*] --> ${idOf(initial)}`,
    ...(everywhere.length === 0 ? [] : [stateLine("", notesOf("", everywhere))]),
    ...states.flatMap((state) => describe(state, transitions)),
    ...arrows(transitions, ""),
  ];
  return `${["stateDiagram-v2", ...lines.map((line) => `  ${line}`)].join("\n")}\n`;
}

function describe(
  { path, initial, entry, exit, states }: ChartState,
  all: readonly ChartTransition[],
): string[] {
  const notes = [
    ...entry.map((action) => `entry / ${action}`),
    ...exit.map((action) => `exit / ${action}`),
    ...notesOf(path, all),
  ];
  const head = stateLine(path, notes);
  if (initial === null) return [head];
  const inner = [
    `[*] --> ${idOf(initial)}`,
    ...states.flatMap((state) => describe(state, all)),
    ...arrows(all, path),
  ];
  return [`${head} {`, ...inner.map((line) => `  ${line}`), "}"];
}

/** Mermaid gives the dots of a path another meaning. */
const idOf = (path: string): string => (path === "" ? "any_state" : path.replaceAll(".", "_"));

const stateLine = (path: string, notes: readonly string[]): string => {
  const title = path === "" ? "any state" : path.slice(path.lastIndexOf(".") + 1);
  return `state "${[title, ...notes].join("<br/>")}" as ${idOf(path)}`;
};

/** The actions of a state on events that do not leave it. */
const notesOf = (path: string, all: readonly ChartTransition[]): string[] =>
  all
    .filter(({ from, to }) => from === path && to === null)
    .map((one) => `${labelOf(one)} / ${one.actions.join(", ")}`);

const labelOf = ({ event, guard }: ChartTransition): string =>
  guard === null ? event : `${event} [${guard}]`;

/** The transitions whose innermost common parent is this state, which is where Mermaid expects them. */
const arrows = (all: readonly ChartTransition[], within: string): string[] =>
  all.flatMap((one) =>
    one.to === null || sharedBy(one.from, one.to) !== within
      ? []
      : [`${idOf(one.from)} --> ${idOf(one.to)}: ${labelOf(one)}`],
  );

/** The innermost state that contains both. */
function sharedBy(from: string, to: string): string {
  const [a, b] = [from.split(".").slice(0, -1), to.split(".").slice(0, -1)];
  const differs = a.findIndex((part, index) => part !== b[index]);
  return (differs === -1 ? a : a.slice(0, differs)).join(".");
}
