import type { EdgeLabel, Note, StateBox } from "./layout.js";

/**
 * Sizes in px for the layout, the drawing and the style. Letter widths are those of the widest font that the style
 * names, so that text fits its box in any of these fonts.
 */
export const metrics = {
  /** A state's name, in a bold font. */
  name: { size: 15, letter: 0.7, line: 20 },
  /** The notes of a state, in a monospaced font. */
  note: { size: 11, letter: 0.62, line: 15 },
  /** Events, in a monospaced font. */
  event: { size: 12, letter: 0.62, line: 17 },
  /** The substates that are named in a state of the overview. */
  sub: { size: 12 },
  statePadding: { x: 12, y: 9 },
  labelPadding: { x: 6, y: 2 },
  /** Height above the substates of a parent state. */
  header: 34,
  dot: 5,
} as const;

type Font = { readonly size: number; readonly letter: number };

export const widthOf = (text: string, { size, letter }: Font): number =>
  Math.ceil([...text].length * size * letter);

export const noteText = ({ on, guard, actions }: Note): string =>
  `${on}${guard === null ? "" : ` [${guard}]`} / ${actions.join(", ")}`;

export const guardText = (guard: string): string => `[${guard}]`;

export const labelText = ({ event, guard }: EdgeLabel): string =>
  guard === null ? event : `${event} ${guardText(guard)}`;

/** The last part of the path, or the title that stands for every state. */
export const titleOf = (path: string): string =>
  path === "" ? "any state" : path.slice(path.lastIndexOf(".") + 1);

/** The size of a state's box, without its substates. */
export function sizeOfState({ path, notes }: Pick<StateBox, "path" | "notes">) {
  const { name, note, statePadding } = metrics;
  const texts = notes.map((one) => widthOf(noteText(one), note));
  return {
    width: Math.max(widthOf(titleOf(path), name), ...texts) + 2 * statePadding.x,
    height: name.line + notes.length * note.line + 2 * statePadding.y,
  };
}

export function sizeOfLabels(labels: readonly EdgeLabel[]) {
  const { event, labelPadding } = metrics;
  return {
    width: Math.max(...labels.map((label) => widthOf(labelText(label), event))) + 2 * labelPadding.x,
    height: labels.length * event.line + 2 * labelPadding.y,
  };
}
