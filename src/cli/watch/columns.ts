import type { Colours } from "../colours.js";
import { formatDuration } from "../duration.js";
import { colourOf } from "./colours.js";
import type { Row } from "./rows.js";

/** A column of the table: of fixed width, or of a minimum width plus a share of the remaining space. */
export interface Column {
  readonly title: string;
  readonly width: number | { readonly min: number; readonly share: number };
  /** The plain text of a cell. */
  text(row: Row): string;
  /** Colours that text after it was cut to fit. */
  paint?(text: string, row: Row, paint: Colours): string;
}

/** Characters of a full bar. */
const barWidth = 10;

const state: Column = {
  title: "STATE",
  width: 17,
  text: (row) => row.state,
  paint: (text, row, paint) => colourOf(row.state, paint)(text),
};
const resource: Column = {
  title: "RESOURCE",
  width: { min: 20, share: 3 },
  text: (row) => row.resource,
  paint: (text, _, paint) => paint.bold(text),
};
const owner: Column = { title: "OWNER", width: { min: 14, share: 2 }, text: (row) => row.owner };
const valid: Column = {
  title: "VALID",
  width: barWidth + 1 + 12,
  text: (row) => [...(row.left === null ? [] : [barOf(row.left, row.ttl)]), time(row)].join(" ").trim(),
  paint: (text, row, paint) =>
    (row.left === null ? paint.dim : isShort(row) ? paint.yellow : paint.green)(text),
};
const retries: Column = {
  title: "RETRIES",
  width: 7,
  text: ({ retries }) => (retries === 0 ? "" : String(retries)),
};
const fence: Column = {
  title: "FENCE",
  // Room for the longest fence: a fence that is cut is useless.
  width: 16,
  text: ({ fence }) => (fence === null ? "" : String(fence)),
};
const last: Column = {
  title: "LAST",
  width: { min: 26, share: 4 },
  text: (row) => row.last,
  paint: (text, _, paint) => paint.dim(text),
};

/** Variants for narrow terminals. */
const short: Column = { ...state, width: 9, text: (row) => row.state.split(".")[0] ?? "" };
const brief: Column = { ...valid, width: 12, text: time };

/** The layouts in order of preference; the first that fits is used. */
const choices: readonly (readonly Column[])[] = [
  [state, resource, owner, valid, retries, fence, last],
  [short, resource, owner, valid, retries, fence, last],
  [short, resource, owner, valid, fence, last],
  [short, resource, owner, brief, fence, last],
  [short, resource, owner, brief, fence],
  [short, resource, owner, brief],
  [short, resource, brief],
  [short, resource],
];

export const gap = 2;

/** The columns that fit, each with its width. Together with the gaps they take at most `width` terminal columns. */
export function columnsFor(width: number): { readonly column: Column; readonly width: number }[] {
  const columns = choices.find((choice) => minWidthOf(choice) <= width);
  if (columns === undefined) return [{ column: resource, width }];
  const free = width - minWidthOf(columns);
  const shares = columns.reduce((sum, { width }) => sum + (typeof width === "number" ? 0 : width.share), 0);
  return columns.map((column) => ({
    column,
    width:
      typeof column.width === "number"
        ? column.width
        : column.width.min + Math.floor((free * column.width.share) / shares),
  }));
}

const minWidthOf = (columns: readonly Column[]): number =>
  columns.reduce((sum, { width }) => sum + (typeof width === "number" ? width : width.min), 0) +
  gap * (columns.length - 1);

function time({ left, waited }: Row): string {
  if (left !== null) return formatDuration(left);
  return waited === null ? "" : `for ${formatDuration(waited)}`;
}

/** A bar that shows the remaining validity; empty if the ttl is unknown. */
function barOf(left: number, ttl: number | null): string {
  if (ttl === null || ttl <= 0) return "";
  const full = Math.round(Math.min(1, left / ttl) * barWidth);
  return "█".repeat(full) + "░".repeat(barWidth - full);
}

/** Whether less validity is left than a timely renewal would leave. */
const isShort = ({ left, ttl }: Row): boolean => left !== null && ttl !== null && left < ttl / 3;
