import { afterEach, expect, test } from "vitest";
import type { Story, StoryAct } from "../../../src/inspector/server/story.js";
import { waitUntil } from "../../support/wait-until.js";
import { Reader } from "./reader.js";
import { get } from "./request.js";
import { closeAll, serve } from "./served.js";

afterEach(closeAll);

function told() {
  const acts: StoryAct[] = [];
  const view = { chapter: 1, chapters: 2, title: "One at a time", why: "", paused: false };
  let listener: Parameters<Story["onChange"]>[0] = () => undefined;
  const story: Story = {
    view,
    act(act) {
      acts.push(act);
      listener({ ...view, paused: act === "pause" });
    },
    onChange: (given) => {
      listener = given;
    },
  };
  return { acts, story };
}

test("a page with a story is greeted with its chapter, told of changes, and can pause it and go on", async () => {
  const { acts, story } = told();
  const { port } = await serve({ story });
  const reader = await Reader.open(port);
  await waitUntil("the greeting", 5_000, () => reader.events.length > 0);
  expect(reader.events[0]).toMatchObject({ name: "hello", data: { story: { chapter: 1, paused: false } } });
  expect((await get(port, "/story?do=pause", {}, "POST")).status).toBe(200);
  await waitUntil("the pause", 5_000, () => reader.events.some(({ name }) => name === "story"));
  expect(reader.events.find(({ name }) => name === "story")?.data).toMatchObject({ paused: true });
  await get(port, "/story?do=next", {}, "POST");
  expect(acts).toEqual(["pause", "next"]);
});

test("nothing else is accepted: other words, other methods, bodies, and requests of other sites", async () => {
  const { acts, story } = told();
  const { port } = await serve({ story });
  const status = async (...request: Parameters<typeof get> extends [number, ...infer Rest] ? Rest : never) =>
    (await get(port, ...request)).status;
  expect(await status("/story?do=crash", {}, "POST")).toBe(400);
  expect(await status("/story", {}, "POST")).toBe(400);
  expect(await status("/story?do=next")).toBe(405);
  expect(await status("/?do=next", {}, "POST")).toBe(405);
  expect(await status("/story?do=next", { "Content-Length": "1" }, "POST")).toBe(413);
  expect(await status("/story?do=next", { Origin: "http://evil.example" }, "POST")).toBe(403);
  expect(await status("/story?do=next", { "Sec-Fetch-Site": "cross-site" }, "POST")).toBe(403);
  expect(await status("/story?do=next", { Host: "evil.example" }, "POST")).toBe(403);
  expect(acts).toEqual([]);
});

test("a page without a story takes no POST and has no such path", async () => {
  const { port } = await serve();
  expect((await get(port, "/story?do=next", {}, "POST")).status).toBe(405);
  expect((await get(port, "/story?do=next")).status).toBe(404);
  const reader = await Reader.open(port);
  await waitUntil("the greeting", 5_000, () => reader.events.length > 0);
  expect(reader.events[0]?.data).not.toHaveProperty("story");
});
