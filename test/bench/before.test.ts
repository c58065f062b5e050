import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { chooseBefore, entryBefore } from "../../bench/before.mjs";

let folder = "";
beforeEach(() => {
  // The choice is kept in the environment.
  vi.stubEnv("HOLDFAST_BENCH_BEFORE", undefined);
  folder = mkdtempSync(join(tmpdir(), "holdfast-before-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const writeManifest = () =>
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ version: "0.1.9", module: "./dist/esm/index.js" }),
  );

it("is the module of another build", () => {
  writeManifest();
  mkdirSync(join(folder, "dist/esm"), { recursive: true });
  const entry = join(folder, "dist/esm/index.js");
  writeFileSync(entry, "");
  utimesSync(entry, 0, Date.UTC(2026, 0, 2, 3, 4) / 1_000);
  expect(chooseBefore(folder)).toEqual({ version: "0.1.9", built: "2026-01-02 03:04" });
  expect(entryBefore()).toBe(pathToFileURL(entry).href);
});

it("is refused without a package or without a build", () => {
  expect(() => chooseBefore(folder)).toThrow(`${folder} has no package.json`);
  writeManifest();
  expect(() => chooseBefore(folder)).toThrow("build that folder first (npm run build)");
  expect(entryBefore()).toBeUndefined();
});
