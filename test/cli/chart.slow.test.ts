import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { platform, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
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

test(
  "without the package that draws a png the exit code is 69, with a line that says what to install",
  async () => {
    const alone = join(folder, "alone");
    await cp(dirname(dirname(dirname(await builtCommand()))), alone, { recursive: true });
    await mkdir(join(alone, "node_modules"));
    for (const name of await readdir(join(root, "node_modules")))
      if (name !== "@resvg")
        await symlink(join(root, "node_modules", name), join(alone, "node_modules", name));
    const main = join(alone, "build/cli/main.js");
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
