import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { windowOf } from "../../visualizations/inspector/src/replay/window.js";
import { beat, locksOf, lockView } from "../inspector/sample-frames.js";
import { Reader } from "../inspector/server/reader.js";
import { get } from "../inspector/server/request.js";
import { closeAll, serve } from "../inspector/server/served.js";
import { waitUntil } from "../support/wait-until.js";
import { endAll, type Holdfast, startHoldfast } from "./support/holdfast.js";
import { inProcess } from "./support/in-process.js";

// Starting Node.js takes long on a busy machine, and so does building the command before.
vi.setConfig({ testTimeout: 30_000 });

afterEach(endAll);
afterEach(closeAll);

const token = "correct-horse-battery";
const frames = [beat(), locksOf(lockView("one"))];
const lines = [{ holdfast: "recording", version: 1, time: 1_000 }, ...frames].map((line) =>
  JSON.stringify(line),
);

let folder = "";
const files: Record<"good" | "cut" | "corrupt" | "none", string> = {
  good: "",
  cut: "",
  corrupt: "",
  none: "",
};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-ui-"));
  for (const name of ["good", "cut", "corrupt", "none"] as const) files[name] = join(folder, `${name}.jsonl`);
  await writeFile(files.good, `${lines.join("\n")}\n`);
  await writeFile(files.cut, `${lines.join("\n")}\n{"kind":"be`);
  await writeFile(files.corrupt, `${lines[0]}\n{"kind":"nonsense"}\n${lines[1]}\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Waits until the page is served. Resolves with the port. */
async function served(running: Holdfast): Promise<number> {
  await waitUntil(`the address is printed; stderr: ${running.stderr}`, 10_000, () =>
    running.stdout.includes("\n"),
  );
  expect(running.stdout).toMatch(/^http:\/\/\S+:\d+\/\n$/);
  return Number(/:(\d+)\//.exec(running.stdout)?.[1]);
}

describe("a recording", () => {
  test.each(["SIGINT", "SIGTERM"] as const)("is served without any node, until %s", async (signal) => {
    const running = await startHoldfast(["ui", "--replay", files.good, "--port", "0"]);
    const port = await served(running);
    const reader = await Reader.open(port);
    await expect.poll(() => reader.events.length).toBe(2);
    expect(reader.events[0]?.data).toMatchObject({ mode: "replay", title: "good.jsonl" });
    expect(reader.events[1]?.data).toEqual([]);
    expect(windowOf((await get(port, "/window?at=0")).text).frames.map(({ frame }) => frame)).toEqual(frames);
    expect(await get(port, "/metrics")).toMatchObject({ status: 404, text: "A recording has no metrics.\n" });
    running.kill(signal);
    expect(await running.ended).toMatchObject({ code: 0, signal: null, stderr: "" });
  });

  test("whose last line is cut off is shown without that line, with a warning", async () => {
    const running = await startHoldfast(["ui", "--replay", files.cut, "--port", "0"]);
    const { text } = await get(await served(running), "/window?at=0");
    expect(windowOf(text).frames).toHaveLength(2);
    running.kill("SIGTERM");
    const { code, stderr } = await running.ended;
    expect(code).toBe(0);
    expect(stderr).toBe(`holdfast: warning: the end of ${files.cut} is cut off, and left out\n`);
  });
});

const oneLine = /^holdfast: [^\n]+\n$/;

describe("one line, and the right exit code, for", () => {
  test("a corrupt recording", async () => {
    const { code, stdout, stderr } = await inProcess(["ui", "--replay", files.corrupt, "--port", "0"]);
    expect({ code, stdout }).toEqual({ code: 65, stdout: "" });
    expect(stderr).toMatch(oneLine);
    expect(stderr).toContain(`${files.corrupt}, line 2: `);
  });

  test("a missing recording", async () => {
    const { code, stdout, stderr } = await inProcess(["ui", "--replay", files.none, "--port", "0"]);
    expect({ code, stdout }).toEqual({ code: 66, stdout: "" });
    expect(stderr).toMatch(oneLine);
  });

  test("a port in use", async () => {
    const { port } = await serve();
    const { code, stdout, stderr } = await inProcess(["ui", "--replay", files.good, "--port", String(port)]);
    expect({ code, stdout }).toEqual({ code: 69, stdout: "" });
    expect(stderr).toMatch(oneLine);
    expect(stderr).toMatch(new RegExp(`port ${port} .*--port`));
  });

  test.each([
    [
      "an address for others without a token",
      ["--host", "0.0.0.0"],
      /--host 0\.0\.0\.0 .*at least 16.*HOLDFAST_UI_TOKEN/,
    ],
    [
      "a short token",
      ["--host", "0.0.0.0", "--token", "hunter2-short"],
      /token must be 16 to 256 characters/,
    ],
    ["no port", ["--port", "65536"], /--port.* 0 to 65535/],
    ["a file without a name", ["--replay", ""], /--replay needs the name of a file/],
    ["no nodes", [], /no nodes to ask/],
  ])("%s", async (_, args, said) => {
    const { code, stdout, stderr } = await inProcess(["ui", ...args]);
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
    expect(stderr).toMatch(oneLine);
    expect(stderr).toMatch(said);
    expect(stderr).not.toContain("hunter2");
  });
});

test.each([
  ["the command line", ["--token", token], {}],
  ["the environment", [], { HOLDFAST_UI_TOKEN: token }],
])("a token of %s admits readers of other machines, and is never printed", async (_, args, env) => {
  const all = ["ui", "--replay", files.good, "--host", "0.0.0.0", "--port", "0", ...args];
  const running = await startHoldfast(all, { env });
  const port = await served(running);
  expect((await get(port, "/past")).status).toBe(401);
  expect((await get(port, "/past", { Authorization: `Bearer ${token}` })).status).toBe(200);
  running.kill("SIGTERM");
  const { code, stdout, stderr } = await running.ended;
  expect(code).toBe(0);
  expect(stderr).toMatch(/^holdfast: open it once as \S+\?token=\.\.\. with its access token\n$/);
  expect(stdout + stderr).not.toContain(token);
});
