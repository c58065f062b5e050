import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { generate, isCurrent } from "../../scripts/lua/generate.mjs";
import { readSources } from "../../scripts/switches/find.mjs";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import { encodeBatch } from "../../src/engine/protocol/encoding.js";
import { batchScript, batchScriptSha } from "../../src/engine/protocol/script.js";
import { sideKeysOf } from "../../src/engine/protocol/side-keys.js";

const root = resolve(import.meta.dirname, "../..");
const folder = "src/engine/protocol/script";

interface ListedCommand {
  readonly name: string;
  readonly op: LockCommand["op"];
  readonly arguments: readonly string[];
  readonly flags: readonly string[];
}
const listed: readonly ListedCommand[] = JSON.parse(
  readFileSync(join(root, folder, "commands.json"), "utf8"),
);

describe("the generated scripts", () => {
  it("agree with their sources", () => {
    expect(isCurrent(root), "run `node scripts/lua.mjs`").toBe(true);
  });

  it("have the SHA-1 by which the server finds them", () => {
    expect(batchScriptSha).toBe(createHash("sha1").update(batchScript).digest("hex"));
  });

  it("contain neither comments nor indentation", () => {
    expect(batchScript).not.toMatch(/--|^\s|\n\s/);
  });
});

/** Returns the generator's error message after a change to one source file. */
function complaint(file: string, change: (text: string) => string): string {
  const copy = mkdtempSync(join(tmpdir(), "holdfast-lua-"));
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  cpSync(join(root, folder), join(copy, folder), { recursive: true });
  const path = join(copy, folder, file);
  let before = "";
  try {
    before = readFileSync(path, "utf8");
  } catch {
    // The file is new.
  }
  writeFileSync(path, change(before));
  try {
    generate(copy);
  } catch (error) {
    return String(error);
  }
  return "none";
}

describe("the Lua files are rejected", () => {
  it("unless they parse, each by itself", () => {
    expect(complaint("queues.lua", (text) => text.replace("return end", "return"))).toContain("queues.lua");
  });

  it("if they use undeclared names or declare unused names", () => {
    const undeclared = complaint("keys.lua", (text) => text.replace("'PTTL', key)", "'PTTL', kex)"));
    expect(undeclared).toMatch(/keys\.lua:\d+: kex is not declared/);
    const unused = complaint("turns.lua", (text) => `${text}\nlocal function idle() end`);
    expect(unused).toMatch(/turns\.lua:\d+: idle is never used/);
  });

  it("if a command does not have the listed arguments, or is missing, or is not listed", () => {
    expect(
      complaint("commands.lua", (text) => text.replace("swap(token, ttl,", "swap(ttl, token,")),
    ).toContain("swap has the parameters (ttl, token, from); commands.json lists (token, ttl, from)");
    const without = complaint("commands.json", (text) =>
      text.replaceAll('"releaseAndLeave"', '"releaseOnly"'),
    );
    expect(without).toContain("commands.json does not list releaseAndLeave");
    const more = complaint("commands.lua", (text) => text.replaceAll("commands.heal(", "commands.acquire("));
    expect(more).toContain("does not list acquire, or it is defined twice");
  });

  it("if they describe commands in a table of their own", () => {
    const table = "\nlocal counts = { acquire = 2, release = 1 }\nreplies[1] = counts.acquire\n";
    expect(complaint("run.lua", (text) => text.replace("\nwhile", `${table}while`))).toContain(
      "a table about commands belongs in commands.json",
    );
  });

  it("if no script includes them", () => {
    expect(complaint("spare.lua", () => "return 1\n")).toContain("no script includes spare.lua");
  });
});

const token = "me~0123456789012345678901";
const place = { id: "p:1", ticket: 1 };
/** An example command for each listed name. */
const examples: Readonly<Record<string, object>> = {
  acquire: {},
  acquireInTurn: { queue: { place: null, barge: false } },
  acquireOrWait: { queue: { place, barge: false } },
  acquireBarging: { queue: { place: null, barge: true } },
  acquireAny: { queue: { place, barge: false }, weight: 2, permits: 2 },
  inspectReaders: { readers: true },
  upgrade: { queue: { place } },
  downgrade: { queue: { id: "p:1" } },
  renewEach: { tokens: [token, token] },
  releaseLeaveAndKeep: { queue: { id: "p:1", wake: true } },
  releaseAndWake: { queue: { id: null, wake: true } },
  releaseLeaveAndWake: { queue: { id: "p:1", wake: true } },
  releaseAndLeave: { queue: { id: "p:1", wake: false } },
  releaseAndWait: { queue: { id: null, wake: false, place } },
};

describe.each(listed.map((one) => [one.name, one] as const))("the command %s", (name, one) => {
  const values: Record<string, unknown> = { token, ttl: 5, from: "you~0123456789012345678901", rest: 5 };
  const optional = one.arguments.at(-1) === "fence?";
  const fences = optional ? [undefined, 7] : one.arguments.includes("fence") ? [7] : [undefined];

  it.each(fences)("is encoded as it is listed, with the fence %s", (fence) => {
    const own = ["a", "b"];
    const fields = one.arguments.flatMap((field) => (field in values ? [[field, values[field]]] : []));
    const proposed = fence === undefined ? {} : { fence };
    const command = {
      op: one.op,
      keys: own,
      ...Object.fromEntries(fields),
      ...examples[name],
      ...proposed,
    } as LockCommand;
    const { keys, args } = encodeBatch("mark", [{ command }], sideKeysOf(false));
    const needsMemory = one.flags.includes("needsMemory");
    const [head = "", ...rest] = args.slice(needsMemory ? 2 : 1);
    expect(head).toBe(`${name}${optional && fence !== undefined ? "Fenced" : ""}2`);
    expect(rest).toHaveLength(one.arguments.length - (optional && fence === undefined ? 1 : 0));
    expect(rest.join()).not.toMatch(/undefined|object|NaN/);
    expect(fence === undefined || rest.at(-1) === "7").toBe(true);
    const isShared = one.flags.includes("sharesSideKeys");
    const readers = one.flags.includes("readsReaders") ? own.length : 0;
    const queues = one.flags.includes("respectsQueues") ? own.length : 0;
    // The queue, and the record of the number of permits.
    const shared = isShared ? 2 : 0;
    const records = fence === undefined ? 0 : (isShared ? 1 : own.length) + 1;
    expect(keys).toHaveLength((needsMemory ? 1 : 0) + own.length + queues + readers + shared + records);
  });
});

it("no other source lists the arguments or the flags of commands", () => {
  const names = [...new Set(listed.map(({ op }) => op))].join("|");
  const entry = new RegExp(`\\b(${names})\\b["']?\\s*[:=]\\s*(?:\\d|true\\b|false\\b|\\[|["'])`, "g");
  const described = (text: string) => new Set([...text.matchAll(entry)].map(([, name]) => name));
  const tables = [...readSources(root)].filter(([, text]) => described(text).size > 2);
  expect(tables.map(([path]) => path)).toEqual([]);
});
