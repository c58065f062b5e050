import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findChromium } from "./chromium.js";
import { fakeProgram } from "./fake-program.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-chromium-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program that prints a browser's output for --version. */
const program = (path: string, says = "Chromium 150.0") => fakeProgram(folder, path, says);

test("the browser named in HOLDFAST_CHROMIUM takes precedence over the PATH", async () => {
  const onPath = await program("a/chromium");
  const PATH = join(folder, "a");
  const named = await program("elsewhere/my-browser", "Google Chrome 150.0");
  expect(await findChromium({ PATH, HOLDFAST_CHROMIUM: named })).toEqual({ command: named, env: {} });
  expect(await findChromium({ PATH })).toEqual({ command: onPath, env: {} });
});

test("a named program that is not Chromium is an error with instructions", async () => {
  const named = await program("firefox", "Mozilla Firefox 150.0");
  await program("a/chromium");
  const env = { PATH: join(folder, "a"), HOLDFAST_CHROMIUM: named };
  await expect(findChromium(env)).rejects.toThrow(
    /HOLDFAST_CHROMIUM=.*not a Chromium[\s\S]*apt-get install chromium/,
  );
});
