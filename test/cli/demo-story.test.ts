import { expect, test } from "vitest";
import { DemoStory } from "../../src/cli/demo/demo-story.js";
import { chaptersOf, runScenario } from "../../src/cli/demo/scenario.js";

const chapters = [
  { title: "one", why: "because" },
  { title: "two", why: "therefore" },
] as const;
const signal = new AbortController().signal;

test("a chapter takes its time, unless the reader goes on; paused, it stays", async () => {
  const story = new DemoStory(chapters, 1e9);
  const seen: string[] = [];
  story.onChange(({ chapter, chapters, title, why, paused }) =>
    seen.push(`${chapter}/${chapters} ${title} ${why} ${paused}`),
  );
  story.tell(chapters[0]);
  // Wanted before the scene has ended.
  story.act("next");
  await story.read(signal);
  story.act("pause");
  story.tell(chapters[1]);
  const read = story.read(signal);
  story.act("next");
  await read;
  story.act("play");
  expect(seen).toEqual([
    "1/2 one because false",
    "1/2 one because true",
    "2/2 two therefore true",
    "2/2 two therefore false",
  ]);
});

test("without time for reading, a story goes on at once; a pause keeps it until the demo ends", async () => {
  const story = new DemoStory(chapters, 0);
  story.tell(chapters[0]);
  await story.read(signal);
  story.act("pause");
  const end = new AbortController();
  const read = story.read(end.signal);
  end.abort(new Error("the demo is over"));
  await expect(read).rejects.toThrow();
});

test("each chapter is told before it is played, and with one node there is none about the loss of one", async () => {
  expect(chaptersOf("payouts:42", 3, 5).map(({ title }) => title)).toHaveLength(6);
  expect(chaptersOf("payouts:42", 3, 1).map(({ title }) => title)).not.toContain("One node breaks");
  const done: string[] = [];
  const played = chapters.map((chapter) => ({
    ...chapter,
    play: async () => void done.push(`play ${chapter.title}`),
  }));
  const narration = {
    say: () => undefined,
    tell: ({ title }: { title: string }) => void done.push(`tell ${title}`),
    read: async () => void done.push("read"),
  };
  // The scenes above look at nothing.
  await runScenario(played, {} as never, narration, signal);
  expect(done).toEqual(["tell one", "play one", "read", "tell two", "play two", "read"]);
});
