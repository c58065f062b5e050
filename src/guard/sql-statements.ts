/** Use "mysql" for MariaDB too. */
export type SqlDialect = "postgresql" | "sqlite" | "mysql";

/** `values` are in the order of the placeholders: `$1` for PostgreSQL, `?` for the other dialects. */
export interface SqlStatement {
  readonly text: string;
  readonly values: unknown[];
}

export type Columns = readonly (readonly [name: string, value: unknown])[];

/** A write to one row, with quoted names. */
export interface Row {
  readonly dialect: SqlDialect;
  readonly table: string;
  readonly key: Columns;
  readonly set: Columns;
  /** The column that stores the fence. */
  readonly held: string;
  readonly fence: number;
}

/** Adds a value to the statement's values and returns its placeholder. */
type Bind = (value: unknown) => string;

function statement(dialect: SqlDialect, write: (bind: Bind) => string): SqlStatement {
  const values: unknown[] = [];
  const text = write((value) => {
    values.push(value);
    return dialect === "postgresql" ? `$${values.length}` : "?";
  });
  return { text, values };
}

const names = (columns: Columns) => columns.map(([name]) => name).join(", ");

const equal = (columns: Columns, bind: Bind, between: string) =>
  columns.map(([name, value]) => `${name} = ${bind(value)}`).join(between);

export function updateOf({ dialect, table, key, set, held, fence }: Row): SqlStatement {
  return statement(dialect, (bind) => {
    const assigned = equal([...set, [held, fence]], bind, ", ");
    return `UPDATE ${table} SET ${assigned} WHERE ${equal(key, bind, " AND ")} AND COALESCE(${held}, 0) <= ${bind(fence)}`;
  });
}

export function upsertOf(row: Row): SqlStatement {
  const { dialect, table, key, set, held, fence } = row;
  const all: Columns = [...key, ...set, [held, fence]];
  return statement(dialect, (bind) => {
    const values = all.map(([, value]) => bind(value)).join(", ");
    const into = `${dialect === "mysql" ? table : `${table} AS held`} (${names(all)})`;
    const onConflict = dialect === "mysql" ? onDuplicateKey(row) : onConflictOf(row);
    return `INSERT INTO ${into} VALUES (${values}) ${onConflict}`;
  });
}

function onConflictOf({ key, set, held }: Row): string {
  const assigned = [...set.map(([name]) => name), held].map((name) => `${name} = excluded.${name}`);
  const condition = `COALESCE(held.${held}, 0) <= excluded.${held}`;
  return `ON CONFLICT (${names(key)}) DO UPDATE SET ${assigned.join(", ")} WHERE ${condition}`;
}

/**
 * This statement takes no WHERE clause, so each assignment repeats the condition. MySQL assigns columns in order, so
 * the fence comes last.
 */
function onDuplicateKey({ set, held }: Row): string {
  const condition = `COALESCE(${held}, 0) <= VALUES(${held})`;
  const assigned = set.map(([name]) => `${name} = IF(${condition}, VALUES(${name}), ${name})`);
  assigned.push(`${held} = GREATEST(COALESCE(${held}, 0), VALUES(${held}))`);
  return `ON DUPLICATE KEY UPDATE ${assigned.join(", ")}`;
}

export function lookOf({ dialect, table, key, held }: Row): SqlStatement {
  // Without FOR UPDATE, a MySQL transaction would read the row as of the transaction's start.
  const latest = dialect === "mysql" ? " FOR UPDATE" : "";
  return statement(
    dialect,
    (bind) => `SELECT ${held} AS fence FROM ${table} WHERE ${equal(key, bind, " AND ")}${latest}`,
  );
}
