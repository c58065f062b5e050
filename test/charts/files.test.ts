import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createMachine } from "xstate";
import { chartFiles } from "../../scripts/charts/files.mjs";
import { staleFiles } from "../../scripts/generated/files.mjs";
import * as draw from "../../src/charts/draw.js";
import * as drawOverview from "../../src/charts/draw-overview.js";
import * as machines from "../../src/charts/machines.js";
import * as mermaid from "../../src/charts/mermaid.js";
import * as metrics from "../../src/charts/metrics.js";
import * as model from "../../src/charts/model.js";
import * as moved from "../../src/charts/moved.js";
import * as overview from "../../src/charts/overview.js";
import * as stately from "../../src/charts/stately.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const charts = {
  ...machines,
  ...model,
  ...metrics,
  ...draw,
  ...mermaid,
  ...stately,
  ...drawOverview,
  ...overview,
  ...moved,
};
const timeout = 60_000;

let files: Map<string, string>;
let copy: string;

beforeAll(async () => {
  files = await chartFiles(charts);
  copy = await mkdtemp(join(tmpdir(), "holdfast-charts-"));
  for (const path of files.keys()) await cp(join(root, path), join(copy, path), { recursive: true });
}, timeout);
afterAll(() => rm(copy, { recursive: true, force: true }));

it("the committed charts and their layouts match the machines", () => {
  expect(staleFiles(files, root)).toEqual([]);
  expect([...files.keys()].sort()).toEqual(
    [
      "src/charts/layouts.ts",
      ...["election", "lock", "manager", "node", "shared"].flatMap((name) =>
        ["json", "mmd", "svg"].map((ending) => `visualizations/charts/${name}.${ending}`),
      ),
      "visualizations/charts/overview.svg",
      "visualizations/charts/life.svg",
    ].sort(),
  );
});

it("a file that differs is found, and so is a missing file", async () => {
  for (const path of files.keys()) {
    const text = await readFile(join(copy, path), "utf8");
    await writeFile(join(copy, path), text.replace("e", "E"));
    expect(staleFiles(files, copy)).toEqual([path]);
    await rm(join(copy, path));
    expect(staleFiles(files, copy)).toEqual([path]);
    await writeFile(join(copy, path), text);
  }
  expect(staleFiles(files, copy)).toEqual([]);
});

it(
  "an additional transition of a machine makes all its files and the layouts stale",
  async () => {
    const { manager } = machines.machines;
    const config = { ...manager.config, on: { PANIC: ".closed" } };
    const changed = await chartFiles({
      ...charts,
      machines: { ...machines.machines, manager: createMachine(config) },
    });
    expect(staleFiles(changed, root)).toEqual([
      "visualizations/charts/manager.svg",
      "visualizations/charts/manager.mmd",
      "visualizations/charts/manager.json",
      "src/charts/layouts.ts",
    ]);
  },
  timeout,
);

it("is laid out the same each time", async () => expect(await chartFiles(charts)).toEqual(files), timeout);
