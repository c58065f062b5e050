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
  const hidden = picture.count - shown;
  return [
    ...(titled ? [paint.bold(cut(picture.title, columns))] : []),
    ...tableLines(picture, shown, headed, columns, paint),
    ...(hidden > 0 ? [paint.dim(cut(`… and ${hidden} more`, columns))] : []),
    ...notes.map((note) => paint.dim(cut(note, columns))),
  ].join("\n");
}

function tableLines(
  picture: Picture,
  shown: number,
  headed: boolean,
  width: number,
  paint: Colours,
): string[] {
  if (shown === 0) return [];
  const columns = columnsFor(width);
  const table = new Table({
    chars: bare,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
    colWidths: columns.map(({ width }) => width),
  });
  if (headed) table.push(columns.map(({ column, width }) => paint.dim(cut(column.title, width))));
  for (let index = 0; index < shown; index += 1) {
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
