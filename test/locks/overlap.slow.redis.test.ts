import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { sharedServers } from "../support/shared-servers.js";
import { runFixture } from "./child.js";
import { countKeys, timed, uniqueName } from "./support.js";

const processes = 8;
/** The soak test uses larger numbers. */
const turnsEach = 300;

it("grants 2,400 leases to 8 processes without an overlap", { timeout: 400_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-overlap-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, "turns.log");
  const prefix = uniqueName();
  const urls = sharedServers().map(({ url }) => url);
  const children = Array.from({ length: processes }, (_, id) =>
    runFixture("contender", [String(id), String(turnsEach), file, prefix, ...urls]),
  );
  const { value: ends, ms } = await timed(() => Promise.all(children.map(({ ended }) => ended)));
  for (const { code, stderr } of ends) expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const attempts = ends.reduce((sum, { lines }) => sum + Number(lines[0]), 0);
  const total = processes * turnsEach;
  console.log(
    `${processes} processes, ${total} acquisitions of one resource on five servers: ${(ms / 1_000).toFixed(1)} s, ` +
      `${Math.round((total * 1_000) / ms)}/s, ${(attempts / total).toFixed(2)} attempts each`,
  );
  const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
  expect(lines.length).toBe(2 * total);
  const seen = new Map<string, number>();
  for (let at = 0; at < lines.length; at += 2) {
    const [what, id, seq] = (lines[at] ?? "").split(" ");
    expect(what, `line ${at + 1}`).toBe("enter");
    expect(lines[at + 1], `line ${at + 2}`).toBe(`leave ${id} ${seq}`);
    expect(Number(seq), `line ${at + 1}`).toBe((seen.get(id ?? "") ?? 0) + 1);
    seen.set(id ?? "", Number(seq));
  }
  expect([...seen.values()]).toEqual(Array(processes).fill(turnsEach));
  expect(await countKeys(sharedServers(), prefix)).toBe(0);
});
