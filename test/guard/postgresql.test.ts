import { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, describe } from "vitest";
import { describeGuardedSql } from "./sql-contract.js";

// PostgreSQL itself, in WebAssembly. It starts in seconds: once for all.
let server: PGlite;
beforeAll(async () => {
  server = await PGlite.create();
}, 60_000);
afterAll(() => server.close());

describe("PostgreSQL", () => {
  describeGuardedSql("PostgreSQL", "postgresql", async () => ({
    run: async ({ text, values }) => (await server.query<Record<string, unknown>>(text, values)).rows,
    close: () => {},
  }));
});
