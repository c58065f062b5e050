import sqlite, { type BindValues } from "node-sqlite3-wasm";
import { type Database, describeGuardedSql } from "./sql-contract.js";

describeGuardedSql("SQLite", "sqlite", async (): Promise<Database> => {
  const database = new sqlite.Database();
  return {
    run: async ({ text, values }) => database.all(text, values as BindValues),
    close: () => database.close(),
  };
});
