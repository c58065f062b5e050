import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GuardedSql, guard, type SqlDialect, type SqlStatement } from "../../src/guard.js";
import { everyOrder, type Step, type Subject } from "./every-order.js";

export interface Database {
  /** Returns the statement's rows. */
  run(statement: SqlStatement): Promise<readonly Record<string, unknown>[]>;
  close(): Promise<void> | void;
}

const newest = Number.MAX_SAFE_INTEGER;
const atOnce: Step = (request) => request();

/** The contract of the statements on a database. `open` returns an empty database. */
export function describeGuardedSql(name: string, dialect: SqlDialect, open: () => Promise<Database>): void {
  describe(`statements on ${name}`, () => {
    let database: Database;
    let serial = 0;
    beforeAll(async () => {
      database = await open();
      await database.run({
        text: 'CREATE TABLE "a""ccount" ("id" TEXT, "of" TEXT, "balance" TEXT, "fence" BIGINT, PRIMARY KEY ("id", "of"))',
        values: [],
      });
    });
    afterAll(() => database.close());

    const row = (id: string, balance?: string) => ({
      dialect,
      table: 'a"ccount',
      key: { id, of: "us" },
      set: balance === undefined ? {} : { balance },
    });
    const insert = (id: string, fence: number | null) =>
      database.run({ text: `INSERT INTO "a""ccount" VALUES ('${id}', 'us', 'first', ${fence})`, values: [] });
    const look = async (id: string) => {
      const text = `SELECT "balance", CAST("fence" AS TEXT) AS fence FROM "a""ccount" WHERE "id" = '${id}'`;
      return (await database.run({ text, values: [] }))[0];
    };
    const send = async (kind: "update" | "upsert", write: GuardedSql, step = atOnce) => {
      await step(() => database.run(write[kind]));
      return write.outcome((await step(() => database.run(write.look)))[0]);
    };
    const next = () => `row ${++serial}`;

    describe.each(["update", "upsert"] as const)("%s", (kind) => {
      it("writes if no fence, an older fence or its own fence was seen; also with many digits", async () => {
        const id = next();
        await insert(id, null);
        for (const fence of [1, 1, 9, 10, newest - 1, newest, newest]) {
          expect(await send(kind, guard(fence).sql(row(id, `by ${fence}`)))).toBe("written");
          expect(await look(id)).toEqual({ balance: `by ${fence}`, fence: String(fence) });
        }
      });

      it("is refused if a newer fence was seen, and writes nothing", async () => {
        const id = next();
        await insert(id, newest);
        const late = send(kind, guard(newest - 1).sql(row(id, "late")));
        await expect(late).rejects.toMatchObject({ code: "STALE_FENCE", fence: newest - 1, seen: newest });
        expect(await look(id)).toEqual({ balance: "first", fence: String(newest) });
      });

      it("claims the row before the first write, with the fence alone", async () => {
        const id = next();
        await insert(id, 3);
        expect(await send(kind, guard(5).sql(row(id)))).toBe("written");
        expect(await look(id)).toEqual({ balance: "first", fence: "5" });
        await expect(send(kind, guard(4).sql(row(id, "late")))).rejects.toThrow("fence 5 was used before");
      });

      it("lets no late holder win, in whatever order its requests arrive", async () => {
        const begin = async (): Promise<Subject> => {
          const id = next();
          if (kind === "update") await insert(id, null);
          return {
            write: (fence, value, step) => send(kind, guard(fence).sql(row(id, value)), step),
            read: async () => {
              const found = (await look(id))?.balance;
              return found === undefined || found === "first" ? null : String(found);
            },
          };
        };
        await everyOrder(begin, 60);
      }, 30_000);
    });

    it("update distinguishes a missing row from a newer fence, and inserts no row", async () => {
      const id = next();
      expect(await send("update", guard(5).sql(row(id, "x")))).toBe("missing");
      expect(await look(id)).toBe(undefined);
    });

    it("upsert inserts a missing row", async () => {
      const id = next();
      expect(await send("upsert", guard(5).sql(row(id, "x")))).toBe("written");
      expect(await look(id)).toEqual({ balance: "x", fence: "5" });
    });

    it("treat values as data", async () => {
      const id = `'; DROP TABLE "a""ccount"; --`;
      expect(await send("upsert", guard(5).sql(row(id, id)))).toBe("written");
      expect(await send("update", guard(6).sql(row(id, `${id}$1?`)))).toBe("written");
    });
  });
}
