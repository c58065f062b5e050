import Table from "cli-table3";
import type { Colours } from "../colours.js";
import { columnsFor, gap } from "./columns.js";
import { cut } from "./cut.js";
import type { Row } from "./rows.js";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The content of the screen, as plain text. */
export interface Picture {
  readonly title: string;
  /** The rows in order. Only the rows that fit are requested. */
  row(index: number): Row;
  readonly count: number;
  /** The page of rows that is shown, from 0; the last one if there are fewer. Default: 0. */
  readonly page?: number;
  /** Lines under the table, the most important first. */
  readonly notes: readonly string[];
}

/** Draws lines that fit the terminal, and leaves its last line free for the cursor. */
export function draw(picture: Picture, { columns, rows }: Size, paint: Colours): string {
  const height = Math.max(1, rows - 1);
  const titled = height >= 3;
  const headed = height >= 2;
  // Notes give way before the last row of the table does.
  const notes = picture.notes.slice(0, Math.max(0, height - Number(titled) - Number(headed) - 2));
  const body = height - Number(titled) - Number(headed) - notes.length;
  const shown = picture.count > body ? Math.max(0, body - 1) : picture.count;
  const pages = shown === 0 ? 1 : Math.ceil(picture.count / shown);
  const page = Math.min(picture.page ?? 0, pages - 1);
  const first = page * shown;
  const last = Math.min(picture.count, first + shown);
  const hidden = picture.count - (last - first);
  const where = page === 0 ? "" : ` (page ${page + 1} of ${pages})`;
  return [
    ...(titled ? [paint.bold(cut(picture.title, columns))] : []),
    ...tableLines(picture, { first, last }, headed, columns, paint),
    ...(hidden > 0 ? [paint.dim(cut(`… and ${hidden} more${where}`, columns))] : []),
    ...notes.map((note) => paint.dim(cut(note, columns))),
  ].join("\n");
}

function tableLines(
  picture: Picture,
  { first, last }: { readonly first: number; readonly last: number },
  headed: boolean,
  width: number,
  paint: Colours,
): string[] {
  if (last === first) return [];
  const columns = columnsFor(width);
  const table = new Table({
    chars: bare,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
    colWidths: columns.map(({ width }) => width),
  });
  if (headed) table.push(columns.map(({ column, width }) => paint.dim(cut(column.title, width))));
  for (let index = first; index < last; index += 1) {
    const row = picture.row(index);
    table.push(
      columns.map(({ column, width }) => {
        const text = cut(column.text(row), width);
        return column.paint?.(text, row, paint) ?? text;
      }),
    );
  }
  return table.toString().split("\n");
}

/** No borders around or between the cells. */
const bare = {
  ...Object.fromEntries(
    ["top", "bottom", "left", "right", "mid"].flatMap((side) => [
      [side, ""],
      [`${side}-mid`, ""],
      [`${side}-left`, ""],
      [`${side}-right`, ""],
    ]),
  ),
  middle: " ".repeat(gap),
};
