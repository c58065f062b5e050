import { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, expect, it } from "vitest";
import * as guarding from "../../src/guard.js";
import { blocks, programOf, promised } from "./page.js";
import { describeGuardedSql } from "./sql-contract.js";

// PostgreSQL in WebAssembly. It takes seconds to start, so all tests share one.
let server: PGlite;
beforeAll(async () => {
  server = await PGlite.create();
}, 120_000);
afterAll(() => server.close());

describeGuardedSql("PostgreSQL", "postgresql", async () => ({
  run: async ({ text, values }) => (await server.query<Record<string, unknown>>(text, values)).rows,
  close: () => {},
}));

type Program = (modules: object, pg: object, print: (...line: unknown[]) => void) => Promise<void>;
// The constructor of async functions has no global name.
const AsyncFunction = (async () => {}).constructor as new (...parts: string[]) => Program;

/** The pool that the program connects to; it uses this server. */
class Pool {
  query = (text: string, values?: unknown[]) => server.query(text, values);
  end = async () => {};
}

it("the program of the page prints what its comments promise", async () => {
  const program = programOf("pg");
  const body = program
    .replace(/^import (\{.*\}) from "holdfast\/guard";$/m, "const $1 = modules;")
    .replace(/^import pg from "pg";$/m, "")
    .replaceAll("console.log(", "print(");
  const printed: string[] = [];
  await new AsyncFunction("modules", "pg", "print", body)(guarding, { Pool }, (...line) =>
    printed.push(line.join(" ")),
  );
  expect(promised(program)).toHaveLength(4);
  expect(printed).toEqual(promised(program));
});

it("the page shows the statement of the guard", () => {
  const { update } = guarding
    .guard(5)
    .sql({ dialect: "postgresql", table: "account", key: { id: 7 }, set: { balance: 90 } });
  expect(blocks("sql").map((text) => text.trim())).toEqual([update.text]);
});
