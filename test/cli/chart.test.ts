import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { drawChart } from "../../src/charts/draw.js";
import { layouts } from "../../src/charts/layouts.js";
import { inProcess } from "./support/in-process.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const committed = (file: string) => readFile(join(root, "visualizations/charts", file), "utf8");

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-chart-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(["lock", "node", "manager", "election"])(
  "chart %s writes what is committed: svg, mermaid, json",
  async (name) => {
    const svg = await inProcess(["chart", name, "--format", "svg"]);
    const mermaid = await inProcess(["chart", name, "--format", "mermaid"]);
    const json = await inProcess(["chart", name, "--format", "json"]);
    expect(svg).toMatchObject({ code: 0, stdout: await committed(`${name}.svg`), stderr: "" });
    expect(mermaid).toMatchObject({ code: 0, stdout: await committed(`${name}.mmd`), stderr: "" });
    expect(json).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(json.stdout)).toEqual(JSON.parse(await committed(`${name}.json`)));
  },
);

test("without arguments the lock's chart is written as svg; a state and a theme can be chosen", async () => {
  expect(await inProcess(["chart"])).toMatchObject({ code: 0, stdout: await committed("lock.svg") });
  const state = "acquiring.asking";
  expect(await inProcess(["chart", "--state", state, "--theme", "dark"])).toMatchObject({
    code: 0,
    stdout: drawChart(layouts.lock, { state, theme: "dark" }),
  });
});

test("the extension of the output file decides the format, unless --format is given", async () => {
  for (const [file, args, start] of [
    ["a.mmd", [], "stateDiagram-v2"],
    ["a.json", [], "{"],
    ["a.svg", [], "<svg "],
    ["a", [], "<svg "],
    ["a.txt", ["--format", "json"], "{"],
    ["b.svg", ["--format", "mermaid"], "stateDiagram-v2"],
  ] as const) {
    const path = join(folder, file);
    const ended = await inProcess(["chart", "manager", ...args, "--output", path]);
    expect(ended).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect((await readFile(path, "utf8")).startsWith(start)).toBe(true);
  }
});

test("a png highlights the given state, in the given theme", async () => {
  const pictures: Buffer[] = [];
  for (const args of [[], ["--theme", "auto"], ["--theme", "dark"], ["--state", "held"]]) {
    const path = join(folder, "lock.png");
    expect(await inProcess(["chart", ...args, "--output", path])).toMatchObject({ code: 0, stderr: "" });
    pictures.push(await readFile(path));
  }
  const [light, auto, dark, held] = pictures;
  expect(light?.subarray(1, 4).toString()).toBe("PNG");
  expect(auto).toEqual(light);
  expect(dark).not.toEqual(light);
  expect(held).not.toEqual(light);
});

test.each([
  ["/nowhere/lock.svg", /^holdfast: cannot write "\/nowhere\/lock\.svg": there is no such folder\n$/],
  [tmpdir(), /^holdfast: cannot write "[^"]+": it is a folder\n$/],
  [
    fileURLToPath(import.meta.url).concat("/a.svg"),
    /^holdfast: cannot write "[^"]+": there is no such folder\n$/,
  ],
])("an output file that cannot be written yields 73: %s", async (file, line) => {
  const { code, stdout, stderr } = await inProcess(["chart", "--output", file]);
  expect({ code, stdout }).toEqual({ code: 73, stdout: "" });
  expect(stderr).toMatch(line);
});

test("an output file of unknown extension yields 64, and is not created", async () => {
  const path = join(folder, "lock.pdf");
  const { code, stdout, stderr } = await inProcess(["chart", "--output", path]);
  expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
  expect(stderr).toMatch(
    /^holdfast: the ending "\.pdf" says no format: use \.svg, [^\n]+ or add --format\n$/,
  );
  expect(await readdir(folder)).not.toContain("lock.pdf");
});
