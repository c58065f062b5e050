import { markdownTable } from "markdown-table";

/** Replaces what is between the comments with this id in the page. */
export function replacePart(page, id, text) {
  const [start, end] = [`<!-- ${id}: -->`, `<!-- :${id} -->`];
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no place for ${id}: ${start} ${end}`);
  return `${page.slice(0, from + start.length)}\n\n${text}\n\n${page.slice(to)}`;
}

/** The results of a group as a table: a row each, or cells. */
export function tableOf({ header }, results) {
  const rows =
    header === undefined
      ? [["with", "what", "outcome"], ...results.map(({ tool, what, outcome }) => [tool, what, inOneLine(outcome)])]
      : crossOf(header, results);
  return markdownTable(rows, { alignDelimiters: false, padding: true });
}

function crossOf(header, results) {
  const columns = [...new Set(results.map(({ column }) => column))];
  const rows = [...new Set(results.map(({ row }) => row))];
  const outcomeOf = (row, column) =>
    inOneLine(results.find((one) => one.row === row && one.column === column)?.outcome ?? "");
  return [
    [header, ...columns],
    ...rows.map((row) => [row, ...columns.map((column) => outcomeOf(row, column))]),
  ];
}

const inOneLine = (text) => text.replace(/\s+/g, " ").replaceAll("|", "\\|").slice(0, 200);
