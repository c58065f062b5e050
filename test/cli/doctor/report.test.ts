import picocolors from "picocolors";
import { expect, test } from "vitest";
import { diagnose } from "../../../src/cli/doctor/diagnose.js";
import { reportLines } from "../../../src/cli/doctor/report.js";
import { infoOf, reached, standards, unreached } from "./facts.js";

const plain = picocolors.createColors(false);
const evicting = infoOf({ maxmemory_policy: "allkeys-lru", maxmemory: 100_000_000 });
const diagnosis = diagnose([reached({ info: evicting }), unreached()], standards);

test("the report lists node by node, and ends with a summary", () => {
  const text = reportLines(diagnosis, plain, Number.POSITIVE_INFINITY).join("\n");
  expect(text).toMatch(/^redis:\/\/one {2}error\n/);
  expect(text).toMatch(
    /\n {2}error {4}eviction: maxmemory-policy is allkeys-lru, with a maxmemory of 95\.4 MiB\n/,
  );
  expect(text).toMatch(/\n {11}→ CONFIG SET maxmemory-policy noeviction/);
  expect(text).toMatch(/\nredis:\/\/two {2}error\n {2}error {4}unreachable: nothing listens there/);
  expect(text).toMatch(/\nthe set of 2 nodes\n/);
  expect(text).toMatch(/\n3 errors, 1 warning$/);
});

test.each([60, 80, 120])("lines are wrapped to %i columns", (width) => {
  const lines = reportLines(diagnosis, plain, width);
  const longest = Math.max(...lines.map((line) => line.length));
  expect(longest).toBeLessThanOrEqual(width);
});

test("if nothing is wrong the summary says so in one line", () => {
  const fine = diagnose(
    ["1", "2", "3"].map((id) => reached({ info: infoOf({ run_id: id }), peer: `10.0.0.${id}` })),
    standards,
  );
  expect(reportLines(fine, plain, 80).at(-1)).toMatch(/^all \d+ checks are fine$/);
});
