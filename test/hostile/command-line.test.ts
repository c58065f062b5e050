import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../src/cli/config.js";
import { CommandError } from "../../src/cli/exit.js";
import { hideCredentialsIn, redact } from "../../src/cli/redact.js";
import { endAll, holdfast } from "../cli/support/holdfast.js";
import { inProcess } from "../cli/support/in-process.js";
import { secret } from "./support/odd-values.js";
import { bounded, holds } from "./support/property.js";

// Allows thousands of inputs on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

afterEach(endAll);

type Words = readonly string[];

/** Texts that people type, paste, or expand by mistake. */
const word = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "-",
    "0",
    "-1",
    "1e9",
    "NaN",
    "Infinity",
    "5 minutes",
    "10s10s",
    "٣s",
    "1s\n",
    "\u001b[2J",
  ),
  fc.constantFrom("__proto__", "constructor", "toString", "$HOME", "a\nb\rc", "\0", "\ud800", "'\"`"),
  fc.constantFrom(
    `redis://me:${secret}@`,
    `redis://me:${secret}/x@host`,
    `http://me:${secret}@host`,
    "redis://",
    "//@",
  ),
  fc.constantFrom("x".repeat(100_000), " ".repeat(100_000), "://".repeat(30_000), "/".repeat(100_000)),
  fc.string(),
  fc.string({ unit: "binary" }),
);
const isDuration = (text: string) => /^\s*(\d+(\.\d+)?(ms|s|m|h|d)|\d+)\s*$/.test(text);
const isAddress = (text: string) => /^rediss?:\/\/[^@/?#]+/i.test(text);
/** Texts that are not parsed as another option. */
const value = word.filter((text) => !text.startsWith("-"));

const options = {
  run: [
    "resource",
    "node",
    "ttl",
    "wait",
    "max-hold",
    "at-least",
    "grace",
    "quarantine",
    "conflict-exit-code",
    "owner",
    "prefix",
  ],
  inspect: ["node", "prefix"],
  demo: ["node", "for"],
  doctor: ["node", "prefix", "timeout"],
  chart: ["format", "state", "theme", "output"],
  watch: ["node", "prefix", "record", "for"],
} as const;
const all = new Set([
  ...Object.values(options).flat(),
  "node-timeout",
  "connect-timeout",
  "json",
  "config",
  "force",
  ...["port", "host", "token", "replay"],
  "foreground",
  "no-wait",
  "help",
]);

const unknown = fc
  .oneof(word, fc.stringMatching(/^[a-z]{1,8}(-[a-z]{1,8})?$/))
  .filter((text) => !all.has(text.replace(/=.*/s, "")) && !/^\s*$/.test(text))
  .map((text) => [`--${text}`]);
const badDuration = value.filter((text) => !isDuration(text));
const duration = (name: string): fc.Arbitrary<Words> => badDuration.map((text) => [`--${name}`, text]);
const badNode: fc.Arbitrary<Words> = value.filter((text) => !isAddress(text)).map((text) => ["--node", text]);
const badConfig: fc.Arbitrary<Words> = value.map((text) => ["--config", `/nowhere/${text}`]);

const node = ["--node", "redis://127.0.0.1:1"];
const locked = ["--resource", "a", ...node];
const anywhere = (before: Words, bad: fc.Arbitrary<Words>, after: Words): fc.Arbitrary<Words> =>
  bad.map((words) => [...before, ...words, ...after]);

/** Command lines with at least one error each. */
const badLines: Readonly<Record<string, fc.Arbitrary<Words>>> = {
  run: fc.oneof(
    anywhere(["run", ...locked], fc.oneof(unknown, badNode, badConfig), ["--", "true"]),
    anywhere(
      ["run", ...locked],
      fc.oneof(...["ttl", "max-hold", "at-least", "grace", "node-timeout"].map(duration)),
      ["--", "true"],
    ),
    anywhere(
      ["run", ...locked, "--wait"],
      badDuration.filter((text) => text !== "forever").map((text) => [text]),
      ["--", "true"],
    ),
    anywhere(
      ["run", ...locked, "--quarantine"],
      badDuration.filter((text) => text !== "auto" && text !== "off").map((text) => [text]),
      ["--", "true"],
    ),
    anywhere(
      ["run", ...locked, "--conflict-exit-code"],
      value.filter((text) => !/^\d{1,3}$/.test(text)).map((text) => [text]),
      ["--", "true"],
    ),
    anywhere(
      ["run", ...locked, "--owner"],
      value.filter((text) => !/^[^~\p{C}\p{Zl}\p{Zp}]{1,128}$/u.test(text)).map((text) => [text]),
      ["--", "true"],
    ),
    anywhere(
      ["run", ...node],
      fc.constantFrom([], ["--resource", ""], ["--resource", "a", "a"], ["--resource", "holdfast:queue:x"]),
      ["--", "true"],
    ),
    fc.array(value, { maxLength: 3 }).map((words) => ["run", ...words.filter((text) => text !== "")]),
  ),
  inspect: fc.oneof(
    anywhere(["inspect", "a", ...node], fc.oneof(unknown, badConfig, duration("node-timeout")), []),
    anywhere(["inspect", "a"], badNode, []),
    fc.tuple(value, value).map((words) => ["inspect", ...words, ...node]),
    fc.constantFrom(["inspect"], ["inspect", "", ...node], ["inspect", "a"]),
  ),
  demo: fc.oneof(
    anywhere(["demo"], fc.oneof(unknown, badNode, duration("for")), []),
    value.map((text) => ["demo", text]),
    fc.integer({ min: 0, max: 7_000 }).map((ms) => ["demo", "--for", String(ms)]),
  ),
  doctor: fc.oneof(
    anywhere(["doctor", ...node], fc.oneof(unknown, badConfig, duration("timeout"), duration("wait")), []),
    anywhere(["admit", ...node], fc.oneof(unknown, badConfig, duration("timeout")), []),
    anywhere(["doctor"], badNode, []),
    value.map((text) => ["doctor", text, ...node]),
  ),
  chart: fc.oneof(
    anywhere(["chart"], unknown, []),
    value.filter((text) => !/^(lock|node|manager)$/.test(text)).map((text) => ["chart", text]),
    value.map((text) => ["chart", "node", text]),
    ...["format", "state", "theme"].map((name) => value.map((text) => ["chart", `--${name}`, `no ${text}`])),
  ),
  watch: fc.oneof(
    anywhere(["watch", ...node], fc.oneof(unknown, badConfig, ...["for", "node-timeout"].map(duration)), []),
    anywhere(["watch", "a"], badNode, []),
    fc.array(value, { maxLength: 3 }).map((words) => ["watch", ...words.filter((text) => text !== "")]),
    fc.constantFrom(["watch", "", ...node], ["watch", "a", "--record", "", ...node]),
    fc.constant(["watch", ...Array.from({ length: 101 }, (_, n) => `a${n}`), ...node]),
  ),
  ui: fc.oneof(
    anywhere(["ui", ...node], fc.oneof(unknown, badConfig, duration("node-timeout")), []),
    anywhere(["ui"], badNode, []),
    value.map((text) => ["ui", text, ...node]),
    value
      .filter((text) => !(Number(text) <= 65_535 && /^\d+$/.test(text)))
      .map((text) => ["ui", "--port", text]),
    value.filter((text) => !/^[!-~]{16,256}$/.test(text)).map((text) => ["ui", ...node, "--token", text]),
    // Invalid tokens.
    value
      .filter((text) => !/^(localhost|::1|127\.[\d.]+)$/i.test(text))
      .map((text) => ["ui", ...node, "--host", text, "--token", "too short"]),
  ),
  "no command": fc.oneof(
    value
      .filter((text) => !/^(run|inspect|watch|ui|chart|demo|doctor|help)$/.test(text))
      .map((text) => [text]),
    unknown,
    fc.constant([]),
  ),
};

function checkLine({ code, stderr }: { code: number | null; stderr: string }): void {
  expect(stderr.slice(0, 300)).toMatch(/^holdfast: \P{Cc}/u);
  expect(stderr).toMatch(/^\P{Cc}+\n$/u);
  expect(stderr.length).toBeLessThan(4_200);
  expect(stderr).not.toContain(secret);
  expect(stderr).not.toMatch(/unexpected:|^\s+at /m);
  expect(code).toBe(64);
}

describe("an invalid command line is refused with one line and exit code 64", () => {
  it.each(Object.entries(badLines))("%s", async (_, lines) => {
    await holds(lines, async (args) => checkLine(await bounded(inProcess(args))));
  });

  it("as a separate process", { timeout: 30_000 }, async () => {
    const isPassable = (args: Words) =>
      args.every((text) => !text.includes("\0") && !/\p{Surrogate}/u.test(text));
    const lines = Object.values(badLines).flatMap((line) => fc.sample(line.filter(isPassable), 1));
    const ended = await Promise.all(lines.map((args) => holdfast(args)));
    for (const one of ended) {
      checkLine(one);
      expect(one.stdout).toBe("");
    }
  });
});

it("a configuration file with any content is read, or refused with one line", async () => {
  const keys = fc.constantFrom(
    "nodes",
    "prefix",
    "owner",
    "ttl",
    "wait",
    "maxHold",
    "atLeast",
    "grace",
    "nodeTimeout",
    "quarantine",
    "__proto__",
    "constructor",
  );
  const text = fc.oneof(
    fc
      .dictionary(fc.oneof(keys, fc.string()), fc.oneof(fc.jsonValue(), word))
      .map((value) => JSON.stringify(value)),
    fc.json(),
    fc.string({ unit: "binary" }),
    fc.constantFrom("[".repeat(100_000), '{"nodes":'.repeat(20_000), `{"nodes": "redis://:${secret}@h"}`),
  );
  await holds(text, (json) => {
    try {
      const config = parseConfig(json, "holdfast.config.json");
      expect(Object.getPrototypeOf(config)).toBe(Object.prototype);
    } catch (error) {
      expect(error).toBeInstanceOf(CommandError);
      expect(String(error)).not.toContain(secret);
    }
  });
});

it("text of any length is redacted quickly", () => {
  for (const text of ["a", "://", "//", "@", "redis://", " ", "\n", "redis://a@"]) {
    const long = text.repeat(200_000);
    hideCredentialsIn([long.slice(0, 100_000)]);
    expect(redact(long).length).toBeGreaterThan(0);
  }
});
