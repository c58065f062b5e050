import { afterEach, expect, test } from "vitest";
import type { StoryView } from "../../src/inspector/server/story.js";
import { Reader } from "../inspector/server/reader.js";
import { get } from "../inspector/server/request.js";
import { closeAll, serve } from "../inspector/server/served.js";
import { waitUntil } from "../support/wait-until.js";
import { endAll, type Holdfast, startHoldfast } from "./support/holdfast.js";

afterEach(endAll);
afterEach(closeAll);

async function portOf(running: Holdfast): Promise<number> {
  await waitUntil("the address is printed", 10_000, () => running.stdout.includes("\n"));
  const [first = ""] = running.stdout.split("\n");
  expect(first).toMatch(/^Look at it: http:\/\/127\.0\.0\.1:\d+\/$/);
  return Number(/:(\d+)\/$/.exec(first)?.[1]);
}

test("the demo starts with the address of a page that shows its locks, and runs until Ctrl-C", async () => {
  const running = await startHoldfast(["demo", "--for", "forever"]);
  const reader = await Reader.open(await portOf(running));
  expect(running.stdout).toContain("until Ctrl-C");
  for (const owner of ["ann", "ben", "cleo"]) {
    await reader.receives(owner, (frame) => frame.kind === "beat" && frame.owner === owner);
  }
  // The story starts again after its end.
  const chapters = () =>
    reader.events.flatMap(({ name, data }) => (name === "story" ? [data as StoryView] : []));
  const port = Number(/:(\d+)\/$/.exec(running.stdout.split("\n")[0] ?? "")?.[1]);
  await waitUntil("the story starts again", 100_000, async () => {
    await get(port, "/story?do=next", {}, "POST");
    return chapters().at(-1)?.chapter === 1 && chapters().length > 1;
  });
  expect([...new Set(chapters().map(({ chapter }) => chapter))].sort()).toEqual([1, 2, 3, 4, 5, 6]);
  for (const { title } of chapters()) expect(running.stdout).toContain(title);
  // A terminal of 24 lines shows the address at any time.
  const lines = running.stdout.split("\n");
  const addressed = lines.flatMap((line, index) => (line.includes(`:${port}/`) ? [index] : []));
  const gaps = addressed.map((at, index) => (addressed[index + 1] ?? lines.length) - at);
  expect(Math.max(...gaps)).toBeLessThan(22);
  running.kill("SIGINT");
  const { code, stdout, stderr } = await running.ended;
  expect({ code, stderr }).toEqual({ code: 130, stderr: "" });
  expect(stdout).toMatch(/overlaps 0/);
  expect(reader.frames.filter(({ kind }) => kind === "bye")).toHaveLength(3);
  expect(reader.ended).toBe(true);
}, 150_000);

test("a second demo takes any free port", async () => {
  // Or another process that uses the port at the moment.
  await serve({}, { port: 4653 }).catch(() => undefined);
  const running = await startHoldfast(["demo"]);
  const port = await portOf(running);
  expect(port).not.toBe(4653);
  expect((await get(port, "/events", {}, "HEAD")).status).toBe(200);
  running.kill("SIGINT");
  expect(await running.ended).toMatchObject({ code: 130, stderr: "" });
}, 120_000);
