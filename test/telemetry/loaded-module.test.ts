import { expect, test } from "vitest";
import { exportOf, isMissingModule } from "../../src/support/loaded-module.js";

const Redis = class {};

test.each([
  ["Node.js", { Redis, default: Redis }],
  ["webpack and ncc, of an ES module", { default: Object.assign(() => {}, { Redis }) }],
  ["a bundler and a compiler, one over the other", { default: { default: { Redis } } }],
])("an export is found in what import() gives under %s", (_, loaded) => {
  expect(exportOf(loaded as { readonly Redis: unknown }, "ioredis", "Redis")).toBe(Redis);
});

test.each([[{}], [{ default: undefined }], [{ default: null }], [{ default: 5 }]])(
  "an export that is nowhere is an error that says what to do: %j",
  (loaded) => {
    expect(() => exportOf(loaded as { readonly Redis: unknown }, "ioredis", "Redis")).toThrow(
      "ioredis was loaded, but exports no Redis: if a bundler builds the program, leave the package out of the bundle (external)",
    );
  },
);

test("a package that refers to itself as default, and lacks the export, is no endless loop", () => {
  const loaded: { default?: unknown } = {};
  loaded.default = loaded;
  expect(() => exportOf(loaded as { readonly Redis: unknown }, "ioredis", "Redis")).toThrow(
    "exports no Redis",
  );
});

test.each([
  ["Node.js", Object.assign(new Error("Cannot find package 'a'"), { code: "ERR_MODULE_NOT_FOUND" }), true],
  [
    "require, webpack",
    Object.assign(new Error("Cannot find module 'a'"), { code: "MODULE_NOT_FOUND" }),
    true,
  ],
  ["Vite", new Error('Could not resolve "a" imported by "holdfast". Is it installed?'), true],
  ["ncc", new ReferenceError("require is not defined in ES module scope"), true],
  ["a mistake in the package", new TypeError("a is not a function"), false],
  ["no error", "a", false],
])("whether a package is absent: %s", (_, error, absent) => {
  expect(isMissingModule(error)).toBe(absent);
});
