import { markdownTable } from "markdown-table";
import { spread } from "../stats.mjs";

/** Formats a number with three significant digits, or as a whole number from a thousand. */
export function figure(value) {
  if (!Number.isFinite(value)) return "–";
  if (value >= 1_000) return Math.round(value).toLocaleString("en-US");
  return Number(value.toPrecision(3)).toString();
}

export const percent = (share) => (Number.isFinite(share) ? `${figure(share * 100)} %` : "–");
export const times = (ratio) => (Number.isFinite(ratio) ? `${ratio.toFixed(2)}×` : "–");
export const megabytes = (bytes) => `${figure(bytes / 1e6)} MB`;
export const kilobytes = (bytes) => `${figure(bytes / 1_000)} kB`;

/** Formats the median and the range of the rounds. */
export function ranged(values, format = figure) {
  const { median, min, max } = spread(values);
  return values.length > 1 ? `${format(median)} (${format(min)}–${format(max)})` : format(median);
}

/** Formats a Markdown table. Columns are `[title, value(row)]`; the first `texts` columns are aligned to the left. */
export function table(rows, columns, texts = 1) {
  const lines = rows.map((row) => columns.map(([, value]) => String(value(row))));
  return markdownTable([columns.map(([title]) => title), ...lines], {
    align: columns.map((_, index) => (index < texts ? "l" : "r")),
  });
}

export const named = (name) => (name.startsWith("holdfast") ? `**${name}**` : name);
export const counted = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;
