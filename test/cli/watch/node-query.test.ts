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

function asking(answer: () => Promise<Inspection>, reported: () => boolean = () => false) {
  const calls = { changed: [] as Inspection[], failed: [] as unknown[], questions: 0 };
  const inspect = () => {
    calls.questions += 1;
    return answer();
  };
  const one = new NodeQuery({ inspect }, ["a"], {
    isReported: reported,
    changed: (asked) => calls.changed.push(asked.inspection),
    failed: (error) => calls.failed.push(error),
  });
  one.start();
  return { one, heard: calls };
}

test("it asks once a second, and reports only changes", async () => {
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

test("it reports that a held lock was released and is kept", async () => {
  const answers = [inspection(holderOf("1")), { ...inspection(holderOf("1")), keptUntil: 5_000 }];
  let next = 0;
  const { one, heard } = asking(async () => answers[next++] ?? inspection(null));
  await vi.advanceTimersByTimeAsync(1_500);
  expect(heard.changed).toEqual(answers);
  one.stop();
});

test("a reported resource is not asked about, and its earlier answer is dropped", async () => {
  let reported = false;
  const { one, heard } = asking(
    async () => inspection(null),
    () => reported,
  );
  await vi.advanceTimersByTimeAsync(10);
  expect(one.latest.size).toBe(1);
  reported = true;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(heard.questions).toBe(1);
  expect(one.latest.size).toBe(0);
  one.stop();
});

test("nodes that hang are not asked again and again", async () => {
  const { one, heard } = asking(() => new Promise(() => undefined));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(heard.questions).toBe(1);
  one.stop();
});

test("nodes that cannot be asked at all end the query", async () => {
  const { heard } = asking(() => Promise.reject(new Error("two nodes are one server")));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(heard).toMatchObject({ questions: 1, failed: [new Error("two nodes are one server")] });
  expect(vi.getTimerCount()).toBe(0);
});
