import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { platform, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { drawChart } from "../../src/charts/draw.js";
import { layouts } from "../../src/charts/layouts.js";
import { builtCommand } from "./support/build.js";
import { endAll, holdfast } from "./support/holdfast.js";

const timeout = 30_000;
const root = fileURLToPath(new URL("../../", import.meta.url));
const committed = (file: string) => readFile(join(root, "visualizations/charts", file), "utf8");

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-chart-"));
});
afterEach(endAll);
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(["lock", "node", "manager"])(
  "chart %s writes what is committed: svg, mermaid, json",
  async (name) => {
    const [svg, mermaid, json] = await Promise.all(
      ["svg", "mermaid", "json"].map((format) => holdfast(["chart", name, "--format", format])),
    );
    expect(svg).toMatchObject({ code: 0, stdout: await committed(`${name}.svg`), stderr: "" });
    expect(mermaid).toMatchObject({ code: 0, stdout: await committed(`${name}.mmd`), stderr: "" });
    expect(json).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(json?.stdout ?? "")).toEqual(JSON.parse(await committed(`${name}.json`)));
  },
  timeout,
);

test(
  "without arguments the lock's chart is written as svg; a state and a theme can be chosen",
  async () => {
    expect(await holdfast(["chart"])).toMatchObject({ code: 0, stdout: await committed("lock.svg") });
    const state = "acquiring.asking";
    expect(await holdfast(["chart", "--state", state, "--theme", "dark"])).toMatchObject({
      code: 0,
      stdout: drawChart(layouts.lock, { state, theme: "dark" }),
    });
  },
  timeout,
);

test(
  "the extension of the output file decides the format, unless --format is given",
  async () => {
    for (const [file, args, start] of [
      ["a.mmd", [], "stateDiagram-v2"],
      ["a.json", [], "{"],
      ["a.svg", [], "<svg "],
      ["a", [], "<svg "],
      ["a.txt", ["--format", "json"], "{"],
      ["b.svg", ["--format", "mermaid"], "stateDiagram-v2"],
    ] as const) {
      const path = join(folder, file);
      const ended = await holdfast(["chart", "manager", ...args, "--output", path]);
      expect(ended).toMatchObject({ code: 0, stdout: "", stderr: "" });
      expect((await readFile(path, "utf8")).startsWith(start)).toBe(true);
    }
  },
  timeout,
);

test(
  "a png highlights the given state, in the given theme",
  async () => {
    const pictures: Buffer[] = [];
    for (const args of [[], ["--theme", "auto"], ["--theme", "dark"], ["--state", "held"]]) {
      const path = join(folder, "lock.png");
      expect(await holdfast(["chart", ...args, "--output", path])).toMatchObject({ code: 0, stderr: "" });
      pictures.push(await readFile(path));
    }
    const [light, auto, dark, held] = pictures;
    expect(light?.subarray(1, 4).toString()).toBe("PNG");
    expect(auto).toEqual(light);
    expect(dark).not.toEqual(light);
    expect(held).not.toEqual(light);
  },
  timeout,
);

test(
  "without the package that draws a png the exit code is 69, with a line that says what to install",
  async () => {
    const alone = join(folder, "alone");
    await cp(dirname(dirname(dirname(await builtCommand()))), alone, { recursive: true });
    await mkdir(join(alone, "node_modules"));
    for (const name of await readdir(join(root, "node_modules")))
      if (name !== "@resvg")
        await symlink(join(root, "node_modules", name), join(alone, "node_modules", name));
    const main = join(alone, "dist/cli/main.js");
    const run = promisify(execFile)(process.execPath, [main, "chart", "--format", "png"]);
    await expect(run).rejects.toMatchObject({
      code: 69,
      stdout: "",
      stderr: "holdfast: a png needs the package @resvg/resvg-js: npm install @resvg/resvg-js\n",
    });
    await expect(promisify(execFile)(process.execPath, [main, "chart"])).resolves.toMatchObject({
      stderr: "",
    });
  },
  timeout,
);

test.each([
  ["/nowhere/lock.svg", /^holdfast: cannot write "\/nowhere\/lock\.svg": there is no such folder\n$/],
  [tmpdir(), /^holdfast: cannot write "[^"]+": it is a folder\n$/],
  [
    fileURLToPath(import.meta.url).concat("/a.svg"),
    /^holdfast: cannot write "[^"]+": there is no such folder\n$/,
  ],
])(
  "an output file that cannot be written yields 73: %s",
  async (file, line) => {
    const { code, stdout, stderr } = await holdfast(["chart", "--output", file]);
    expect({ code, stdout }).toEqual({ code: 73, stdout: "" });
    expect(stderr).toMatch(line);
  },
  timeout,
);

test(
  "an output file of unknown extension yields 64, and is not created",
  async () => {
    const path = join(folder, "lock.pdf");
    const { code, stdout, stderr } = await holdfast(["chart", "--output", path]);
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
    expect(stderr).toMatch(
      /^holdfast: the ending "\.pdf" says no format: use \.svg, [^\n]+ or add --format\n$/,
    );
    expect(await readdir(folder)).not.toContain("lock.pdf");
  },
  timeout,
);

test(
  "a pipe with a reader is written to, and a pipe without one yields 73 at once",
  async () => {
    const pipe = join(folder, "pipe");
    await promisify(execFile)("mkfifo", [pipe]);
    expect(await holdfast(["chart", "--output", pipe])).toMatchObject({
      code: 73,
      stderr: `holdfast: cannot write ${JSON.stringify(pipe)}: nobody reads from this pipe\n`,
    });
    const [read, written] = await Promise.all([
      promisify(execFile)("sh", [
        "-c",
        `exec 3<>"$1"; "$2" "$3" chart --output "$1"; head -c 4 <&3`,
        "sh",
        pipe,
        process.execPath,
        await builtCommand(),
      ]),
      committed("lock.svg"),
    ]);
    expect(read).toMatchObject({ stdout: written.slice(0, 4), stderr: "" });
  },
  timeout,
);

// Only Linux has such a file.
const fullDisk = platform() === "linux" ? ["/dev/full"] : [];
test.each(fullDisk)(
  "a full disk (%s) yields 73, as a file and as standard output",
  async (full) => {
    expect(await holdfast(["chart", "--output", full])).toMatchObject({
      code: 73,
      stderr: `holdfast: cannot write "${full}": no space is left\n`,
    });
    const written = promisify(execFile)("sh", [
      "-c",
      `exec "$1" "$2" chart > "$3"`,
      "sh",
      process.execPath,
      await builtCommand(),
      full,
    ]);
    await expect(written).rejects.toMatchObject({
      code: 73,
      stderr: "holdfast: cannot write to standard output: no space is left\n",
    });
  },
  timeout,
);
