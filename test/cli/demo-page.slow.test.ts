import { afterEach, expect, test } from "vitest";
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
  // The scenario starts again after its end.
  await waitUntil("it loses its quorum twice", 45_000, () => running.stdout.split(" hang: ").length > 2);
  running.kill("SIGINT");
  const { code, stdout, stderr } = await running.ended;
  expect({ code, stderr }).toEqual({ code: 130, stderr: "" });
  expect(stdout).toMatch(/overlaps 0/);
  expect(reader.frames.filter(({ kind }) => kind === "bye")).toHaveLength(3);
  expect(reader.ended).toBe(true);
}, 120_000);

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
