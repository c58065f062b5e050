import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { guard, HoldfastError, isHoldfastError, type SqlWrite, StaleFenceError } from "../../src/guard.js";
import { isHoldfastError as known } from "../../src/index.js";

const max = Number.MAX_SAFE_INTEGER;
/** Untyped values, as JavaScript programs may pass them. */
const anything = (value: unknown) => value as never;

const caught = (call: () => unknown): unknown => {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("it was accepted");
};
const refused = (call: () => unknown, message: string) => {
  const error = caught(call);
  expect(isHoldfastError(error, "INVALID_OPTION") && error.message).toContain(message);
};

/** Values that are neither a fence nor a seen fence. */
const noFences = fc.oneof(
  fc.double().filter((number) => !Number.isSafeInteger(number)),
  fc.integer({ max: -1 }),
  fc.bigInt({ min: 2n ** 53n }),
  fc.bigInt({ max: -1n }),
  fc.string().filter((text) => !/^(0|[1-9]\d*)$/.test(text)),
  fc.bigInt({ min: 2n ** 53n }).map(String),
  fc.integer({ min: 1 }).map((number) => `0${number}`),
  fc
    .anything()
    .filter((value) => !["number", "bigint", "string", "undefined"].includes(typeof value) && value !== null),
);

describe("a guard", () => {
  it.each([1, 1n, "1", 1_767_225_600_000_000, max, BigInt(max), String(max)])(
    "takes the fence %s",
    (fence) => {
      expect(guard(fence).fence).toBe(Number(fence));
    },
  );

  it("refuses an invalid fence", () => {
    fc.assert(
      fc.property(fc.oneof(noFences, fc.constantFrom(0, "0", 0n, null, undefined)), (fence) => {
        refused(() => guard(anything(fence)), `fence must be a fencing token: an integer from 1 to ${max}`);
      }),
      { numRuns: 1_000 },
    );
  });

  it("accepts an equal or newer fence, and otherwise throws an error with both", () => {
    const fences = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: max - 3, max }));
    const forms = fc.constantFrom(Number, BigInt, String);
    fc.assert(
      fc.property(fences, fences, forms, (fence, seen, form) => {
        const check = () => guard(fence).check(form(seen));
        if (fence >= seen) return check();
        const error = caught(check);
        expect(error).toBeInstanceOf(StaleFenceError);
        expect(error).toBeInstanceOf(HoldfastError);
        expect(known(error, "STALE_FENCE") && [error.fence, error.seen]).toEqual([fence, seen]);
        expect(String(error)).toMatch(
          new RegExp(`^StaleFenceError: .* ${fence} was refused: fence ${seen} .* Stop`),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it("accepts any fence if none was seen", () => {
    for (const none of [null, undefined, 0, 0n, "0"]) guard(1).check(none);
  });

  it("refuses an invalid seen fence", () => {
    fc.assert(
      fc.property(noFences, (seen) => {
        refused(
          () => guard(1).check(anything(seen)),
          "the fence that was seen must be null or an integer from 0",
        );
      }),
      { numRuns: 1_000 },
    );
  });
});

const write: SqlWrite = {
  dialect: "postgresql",
  table: "bank.account",
  key: { id: 7, 'of"us': "x" },
  set: { balance: 90 },
};

describe("statements", () => {
  it("number their values for PostgreSQL", () => {
    const { update, upsert, look } = guard(5).sql(write);
    expect(update).toEqual({
      text: 'UPDATE "bank"."account" SET "balance" = $1, "fence" = $2 WHERE "id" = $3 AND "of""us" = $4 AND COALESCE("fence", 0) <= $5',
      values: [90, 5, 7, "x", 5],
    });
    expect(upsert).toEqual({
      text:
        'INSERT INTO "bank"."account" AS held ("id", "of""us", "balance", "fence") VALUES ($1, $2, $3, $4) ' +
        'ON CONFLICT ("id", "of""us") DO UPDATE SET "balance" = excluded."balance", "fence" = excluded."fence" ' +
        'WHERE COALESCE(held."fence", 0) <= excluded."fence"',
      values: [7, "x", 90, 5],
    });
    expect(look).toEqual({
      text: 'SELECT "fence" AS fence FROM "bank"."account" WHERE "id" = $1 AND "of""us" = $2',
      values: [7, "x"],
    });
  });

  it("quote and assign as MySQL does", () => {
    const { update, upsert, look } = guard(5).sql({
      ...write,
      dialect: "mysql",
      key: { "a`b": 1 },
      fence: "seen",
    });
    expect(update).toEqual({
      text: "UPDATE `bank`.`account` SET `balance` = ?, `seen` = ? WHERE `a``b` = ? AND COALESCE(`seen`, 0) <= ?",
      values: [90, 5, 1, 5],
    });
    expect(upsert).toEqual({
      text:
        "INSERT INTO `bank`.`account` (`a``b`, `balance`, `seen`) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE " +
        "`balance` = IF(COALESCE(`seen`, 0) <= VALUES(`seen`), VALUES(`balance`), `balance`), " +
        "`seen` = GREATEST(COALESCE(`seen`, 0), VALUES(`seen`))",
      values: [1, 90, 5],
    });
    expect(look.text).toBe("SELECT `seen` AS fence FROM `bank`.`account` WHERE `a``b` = ? FOR UPDATE");
  });

  it("have as many placeholders as values, whatever the names of the columns", () => {
    const columns = fc.dictionary(
      fc.string({ minLength: 1 }).filter((name) => !/[\0$?]|^fence$/.test(name)),
      fc.integer(),
      {
        minKeys: 1,
        maxKeys: 5,
      },
    );
    const dialects = fc.constantFrom("postgresql" as const, "sqlite" as const, "mysql" as const);
    fc.assert(
      fc.property(dialects, columns, columns, (dialect, key, others) => {
        const set = Object.fromEntries(Object.entries(others).filter(([name]) => !Object.hasOwn(key, name)));
        const { update, upsert, look } = guard(5).sql({ dialect, table: "t", key, set });
        for (const { text, values } of [update, upsert, look])
          expect(text.match(dialect === "postgresql" ? /\$\d+/g : /\?/g)).toHaveLength(values.length);
      }),
    );
  });

  it.each([
    [null, "write must be an object with dialect, table"],
    [{ ...write, dialect: "oracle" }, 'dialect must be one of postgresql, sqlite, mysql; got "oracle"'],
    [{ ...write, dialect: "toString" }, "dialect must be one of"],
    [{ ...write, table: "" }, "table must be a name"],
    [
      { ...write, table: "bank." },
      'table must be a name: a string that is not empty and has no NUL in it; got ""',
    ],
    [{ ...write, table: undefined }, "table must be a name"],
    [{ ...write, key: {} }, "key must be an object with at least one column"],
    [{ ...write, key: ["id"] }, "key must be an object"],
    [{ ...write, key: { id: null } }, "key.id must be a value; got null"],
    [{ ...write, key: { "a\0": 1 } }, "key must be a name"],
    [{ ...write, set: undefined }, "set must be an object"],
    [{ ...write, set: { balance: undefined } }, "set.balance must be a value; got undefined"],
    [{ ...write, set: { fence: 9 } }, 'set must be columns that are named only once; got "fence"'],
    [{ ...write, set: { id: 8 } }, 'set must be columns that are named only once; got "id"'],
    [{ ...write, fence: "" }, "fence must be a name"],
    [{ ...write, where: {} }, "where must be left out: known are dialect, table, key, set, fence"],
  ])("refuse %o", (given, message) => refused(() => guard(5).sql(anything(given)), message));

  it("derive the result of the write from the row", () => {
    const { outcome } = guard(5).sql(write);
    for (const fence of [5, 5n, "5"]) expect(outcome({ fence })).toBe("written");
    // The last two: a row that was inserted after the write.
    for (const row of [undefined, null, { fence: "4" }, { fence: null }])
      expect(outcome(row)).toBe("missing");
    expect(caught(() => outcome({ fence: "6" }))).toMatchObject({ code: "STALE_FENCE", fence: 5, seen: 6 });
    for (const row of [[{ fence: 5 }], { id: 7 }, "5"])
      refused(() => outcome(anything(row)), "row must be the row");
    refused(() => outcome({ fence: "new" }), "the fence that was seen must be");
  });
});

describe("a script's", () => {
  const record = { key: "a", command: ["SET", "x"] };

  it.each([
    ["a", "{a}:fence"],
    ["{a}:b", "{a}:b:fence"],
    ["a{}", "a{}:fence"],
  ])("fence of %s is kept at %s", (key, fenceKey) => {
    expect(guard(5).redis({ ...record, key }).keys).toEqual([key, fenceKey]);
  });

  it("arguments are text", () => {
    const { args } = guard(max).redis({ key: "a", command: ["SET", "x", "PX", 60_000], keep: 1_000 });
    expect(args).toEqual([String(max), "1000", "SET", "x", "PX", "60000"]);
  });

  it.each([
    [undefined, "write must be an object with key, command"],
    [{ ...record, key: "" }, "key must be a non-empty string"],
    [{ ...record, key: 5 }, "key must be a non-empty string"],
    [{ ...record, fenceKey: "a" }, "fenceKey must be a non-empty string, other than the key"],
    [{ ...record, command: "SET" }, "command must be a command's name"],
    [{ ...record, command: [] }, "command must be a command's name"],
    [{ ...record, command: ["SET", undefined] }, "command must be a command's name"],
    [{ ...record, command: ["RPUSH", ...Array(5_000).fill("x")] }, "got an array of 5001"],
    [{ ...record, keep: 0 }, "keep must be a positive integer of ms"],
    [{ ...record, keep: 1.5 }, "keep must be a positive integer of ms"],
    [{ ...record, ttl: 1 }, "ttl must be left out: known are key, command, fenceKey, keep"],
  ])("options are checked: %o", (given, message) => refused(() => guard(5).redis(anything(given)), message));

  it("reply shows the result of the write", () => {
    const { outcome } = guard(5).redis(record);
    expect(outcome([1, "OK"])).toBe("OK");
    expect(outcome([1, null])).toBe(null);
    for (const seen of ["6", Buffer.from("6")])
      expect(caught(() => outcome([0, seen]))).toMatchObject({ code: "STALE_FENCE", fence: 5, seen: 6 });
    for (const reply of ["OK", null, [], [2]]) refused(() => outcome(reply), "reply must be what eval gave");
  });
});
