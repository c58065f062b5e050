import { markdownTable } from "markdown-table";

/** Replaces the table of a group in the page, between the comments with its id. */
export function replaceTable(page, { id }, results) {
  const [start, end] = [`<!-- ${id}: -->`, `<!-- :${id} -->`];
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no place for ${id}: ${start} ${end}`);
  const rows = results.map(({ tool, what, outcome }) => [tool, what, inOneLine(outcome)]);
  const table = markdownTable([["with", "what", "outcome"], ...rows], {
    alignDelimiters: false,
    padding: true,
  });
  return `${page.slice(0, from + start.length)}\n\n${table}\n\n${page.slice(to)}`;
}

const inOneLine = (text) => text.replace(/\s+/g, " ").replaceAll("|", "\\|").slice(0, 200);
