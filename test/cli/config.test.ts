import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseConfig, readConfig } from "../../src/cli/config.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-config-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("durations may be texts or ms", () => {
  const config = parseConfig('{"ttl": "20s", "grace": 500, "wait": "forever", "atLeast": "1m"}', "file");
  expect(config).toEqual({ ttl: 20_000, grace: 500, wait: Number.POSITIVE_INFINITY, atLeast: 60_000 });
});

test("otherSets is what the library takes", () => {
  expect(parseConfig('{"otherSets": "refuse"}', "file")).toEqual({ otherSets: "refuse" });
});

test("wait: false is one attempt", () => {
  expect(parseConfig('{"wait": false}', "file")).toEqual({ wait: false });
});

test.each([
  ['"auto"', "auto"],
  ["false", false],
  ['"off"', false],
  ["0", 0],
  ['"1h"', 3_600_000],
])("quarantine: %s", (json, quarantine) => {
  expect(parseConfig(`{"quarantine": ${json}}`, "file")).toEqual({ quarantine });
});

test.each([
  ['{"tll": "30s"}', /unknown key "tll"; known are nodes, groups, previous, prefix/],
  ['{"__proto__": {"ttl": 1}}', /unknown key "__proto__"/],
  ['{"ttl": "soon"}', /"ttl" must be a duration/],
  ['{"publish": "yes"}', /"publish" must be true or false/],
  ['{"quarantine": "hidden"}', /"quarantine" must be "auto", false, "off", or a duration/],
  ['{"otherSets": "deny"}', /"otherSets" must be "warn", "refuse" or "allow"/],
  ['{"quarantine": -1}', /"quarantine" must be/],
  ['{"quarantine": true}', /"quarantine" must be/],
  ['{"nodes": "redis://u:hidden@h"}', /"nodes" must be a list of addresses/],
  ['{"previous": "redis://u:hidden@h"}', /"previous" must be a list of addresses/],
  ['["redis://u:hidden@h"]', /must hold an object/],
  ['{"nodes": ["redis://u:hidden@h"', /is not JSON/],
])("%s is refused, without repeating a value", (json, why) => {
  expect(() => parseConfig(json, "file")).toThrow(why);
  expect(() => parseConfig(json, "file")).not.toThrow(/hidden/);
});

test("the first default file in the folder is read, and a missing file is no error", async () => {
  expect(readConfig(undefined, folder)).toEqual({});
  await writeFile(join(folder, ".holdfastrc.json"), '{"ttl": 20000}');
  expect(readConfig(undefined, folder)).toEqual({ ttl: 20_000 });
  await writeFile(join(folder, "holdfast.config.json"), '{"ttl": 25000}');
  expect(readConfig(undefined, folder)).toEqual({ ttl: 25_000 });
});

test("a named file that is missing is refused", () => {
  expect(() => readConfig(join(folder, "none.json"), folder)).toThrow(/there is no such file/);
});
