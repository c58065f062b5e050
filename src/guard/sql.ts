import { InvalidOptionError, StaleFenceError } from "../errors.js";
import { checkKnown } from "./check-known.js";
import { checkSeen } from "./fence-value.js";
import {
  type Columns,
  lookOf,
  type SqlDialect,
  type SqlStatement,
  updateOf,
  upsertOf,
} from "./sql-statements.js";

/** A write to one row. Names are quoted: spell them as the database does. */
export interface SqlWrite {
  readonly dialect: SqlDialect;
  /** `account`, or with a schema `bank.account`. */
  readonly table: string;
  /** The columns that identify the row, with their values. */
  readonly key: Readonly<Record<string, unknown>>;
  /** The columns to write, with their values; `{}` writes only the fence. */
  readonly set: Readonly<Record<string, unknown>>;
  /** The column that stores the row's highest fence: 64 bits, null or 0 before the first fence. Default "fence". */
  readonly fence?: string | undefined;
}

/**
 * Run `update` or `upsert`, then `look`, on the same connection. `outcome` derives the result of the write from the
 * row.
 */
export interface GuardedSql {
  /** Changes the row, unless the row has seen a newer fence. */
  readonly update: SqlStatement;
  /**
   * Like `update`, and inserts a missing row. The key's columns need a unique index; in MySQL the table must have no
   * other unique index.
   */
  readonly upsert: SqlStatement;
  /** Selects the row's fence. */
  readonly look: SqlStatement;
  /**
   * The result of the write, from the row that `look` found, if any. "missing": no row had that key at the time of the
   * write.
   * @throws StaleFenceError when the row has seen a newer fence.
   */
  outcome(row: { readonly fence?: unknown } | null | undefined): "written" | "missing";
}

/** The quotation mark of each dialect. */
const marks: Readonly<Record<SqlDialect, string>> = { postgresql: '"', sqlite: '"', mysql: "`" };

export function guardedSql(fence: number, write: SqlWrite): GuardedSql {
  checkKnown("write", write, ["dialect", "table", "key", "set", "fence"]);
  const { dialect, table, fence: column = "fence" } = write;
  if (typeof dialect !== "string" || !Object.hasOwn(marks, dialect))
    throw new InvalidOptionError("dialect", dialect, `one of ${Object.keys(marks).join(", ")}`);
  const quote = quoteWith(marks[dialect]);
  const parts: readonly unknown[] = typeof table === "string" ? table.split(".") : [table];
  const row = {
    dialect,
    table: parts.map((part) => quote("table", part)).join("."),
    held: quote("fence", column),
    fence,
    ...columnsOf(write, column, quote),
  };
  return {
    update: updateOf(row),
    upsert: upsertOf(row),
    look: lookOf(row),
    outcome(found) {
      if (found === null || found === undefined) return "missing";
      if (typeof found !== "object" || !("fence" in found))
        throw new InvalidOptionError(
          "row",
          found,
          "the row that `look` found, or undefined where it found none",
        );
      const seen = checkSeen(found.fence);
      if (seen > fence) throw new StaleFenceError(fence, seen);
      return seen === fence ? "written" : "missing";
    },
  };
}

type Quote = (option: string, name: unknown) => string;

const quoteWith =
  (mark: string): Quote =>
  (option, name) => {
    if (typeof name !== "string" || name === "" || name.includes("\0"))
      throw new InvalidOptionError(option, name, "a name: a string that is not empty and has no NUL in it");
    return mark + name.replaceAll(mark, mark + mark) + mark;
  };

/** Rejects repeated columns: depending on the database, the second value would win or cause an error. */
function columnsOf(write: SqlWrite, column: string, quote: Quote): { key: Columns; set: Columns } {
  const taken = new Set([column]);
  const read = (option: "key" | "set"): Columns => {
    const given: unknown = write[option];
    if (typeof given !== "object" || given === null || Array.isArray(given))
      throw new InvalidOptionError(option, given, "an object: the columns with their values");
    return Object.entries(given).map(([name, value]) => {
      if (taken.has(name)) throw new InvalidOptionError(option, name, "columns that are named only once");
      taken.add(name);
      if (value === undefined || (option === "key" && value === null))
        throw new InvalidOptionError(`${option}.${name}`, value, "a value");
      return [quote(option, name), value];
    });
  };
  const [key, set] = [read("key"), read("set")];
  if (key.length === 0) throw new InvalidOptionError("key", write.key, "an object with at least one column");
  return { key, set };
}
