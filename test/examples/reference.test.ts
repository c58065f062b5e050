import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as holdfast from "../../src/index.js";

const page = readFileSync("docs/reference.md", "utf8");

/** Returns the text from a heading to the next heading of any level. */
const section = (heading: string): string =>
  page
    .slice(page.indexOf(`\n${heading}\n`) + heading.length + 1)
    .split(/^#/m, 1)
    .join();

/** Returns the code in the first column of a section's tables. */
const namesIn = (heading: string): string[] =>
  [...section(heading).matchAll(/^\| ((?:`[^`]+`(?:, )?)+) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
  );

const locks = holdfast.createLocks({ nodes: [holdfast.memoryNode()] });

/** Reads the allowed names from an error. */
async function allowedBy(call: () => unknown): Promise<string[]> {
  try {
    await call();
  } catch (error) {
    if (!holdfast.isHoldfastError(error, "INVALID_OPTION")) throw error;
    return error.allowed.replace(/^.*(?:knows|one of) /, "").split(", ");
  }
  throw new Error("an unknown name was accepted");
}

const unknown = { unknown: true };

test("the reference lists every option of an acquisition, and no other", async () => {
  const allowed = await allowedBy(() => locks.acquire("a", unknown as object));
  expect(namesIn("### Of an acquisition").sort()).toEqual(allowed.sort());
});

test("the reference lists every option of createLocks, and no other", async () => {
  const allowed = await allowedBy(() =>
    holdfast.createLocks({ nodes: [] as holdfast.NodeInput[], ...unknown }),
  );
  const shared = namesIn("### Of an acquisition").filter((name) => name !== "signal" && name !== "fence");
  const own = namesIn("### Of createLocks alone").map((name) => name.replace("xstate.inspect", "xstate"));
  expect([...shared, ...own].sort()).toEqual(allowed.sort());
});

test("the reference lists every member of a retry policy, and no other", async () => {
  const allowed = await allowedBy(() => locks.acquire("a", { retry: unknown as object }));
  expect(namesIn("#### Retry").sort()).toEqual(allowed.sort());
});

test("the reference lists every event, and no other", async () => {
  const allowed = await allowedBy(() => locks.on("unknown" as "acquired", () => {}));
  const reasons = ["deadline", "taken", "missing", "maxHold", "dropped", "stalled"];
  const listed = namesIn("## Events").filter((name) => !reasons.includes(name));
  expect(listed.sort()).toEqual(allowed.sort());
});

test("the reference lists every error class, and no other", () => {
  const classes = Object.keys(holdfast).filter((name) => /^[A-Z]\w*Error$/.test(name));
  const listed = [...section("## Errors").matchAll(/^\| `[A-Z_]+` \| `(\w+)`/gm)].map(([, name]) => name);
  expect([...listed, "HoldfastError"].sort()).toEqual(classes.sort());
});

test("the reference lists every code of a process warning, and no other", () => {
  const sources = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts"),
  );
  const codes = sources.flatMap((file) =>
    [...readFileSync(join("src", file), "utf8").matchAll(/\bwarn(?:Bounded)?\(\s*"([A-Z_]+)"/g)].map(
      ([, code]) => code,
    ),
  );
  expect(namesIn("### Process warnings").sort()).toEqual([...new Set(codes)].sort());
});
