import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Inspection } from "../../../src/api/types.js";
import { NodeQuery } from "../../../src/cli/watch/node-query.js";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const holderOf = (tokenHash: string, ttlLeft = 5_000) => ({
  key: "a",
  owner: "bob",
  tokenHash,
  ttlLeft,
  type: "string",
});
const inspection = (holder: ReturnType<typeof holderOf> | null): Inspection => ({
  resource: "a",
  held: holder !== null,
  holder,
  nodes: [],
});

function asking(answer: () => Promise<Inspection>, told: () => boolean = () => false) {
  const heard = { changed: [] as Inspection[], failed: [] as unknown[], questions: 0 };
  const inspect = () => {
    heard.questions += 1;
    return answer();
  };
  const one = new NodeQuery({ inspect }, ["a"], {
    isReported: told,
    changed: (asked) => heard.changed.push(asked.inspection),
    failed: (error) => heard.failed.push(error),
  });
  one.start();
  return { one, heard };
}

test("it asks once a second, and tells only what changes", async () => {
  const answers = [
    inspection(null),
    inspection(holderOf("1")),
    inspection(holderOf("1", 4_000)),
    inspection(holderOf("2")),
  ];
  let next = 0;
  const { one, heard } = asking(async () => answers[next++] ?? inspection(null));
  await vi.advanceTimersByTimeAsync(3_500);
  expect(heard.questions).toBe(4);
  expect(heard.changed).toEqual([answers[0], answers[1], answers[3]]);
  expect(one.latest.get("a")?.inspection).toEqual(answers[3]);
  one.stop();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(heard.questions).toBe(4);
});

test("nobody asks about what is told, and what was answered before is forgotten", async () => {
  let told = false;
  const { one, heard } = asking(
    async () => inspection(null),
    () => told,
  );
  await vi.advanceTimersByTimeAsync(10);
  expect(one.latest.size).toBe(1);
  told = true;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(heard.questions).toBe(1);
  expect(one.latest.size).toBe(0);
  one.stop();
});

test("nodes that hang are not asked ever more", async () => {
  const { one, heard } = asking(() => new Promise(() => undefined));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(heard.questions).toBe(1);
  one.stop();
});

test("nodes that cannot be asked at all end it", async () => {
  const { heard } = asking(() => Promise.reject(new Error("two nodes are one server")));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(heard).toMatchObject({ questions: 1, failed: [new Error("two nodes are one server")] });
  expect(vi.getTimerCount()).toBe(0);
});
