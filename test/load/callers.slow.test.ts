import { expect, it } from "vitest";
import { TestNodes } from "../manager/test-nodes.js";

const count = 10_000;
const distinct = (name: string) => Array.from({ length: count }, (_, index) => `${name}${index}`);
const codeOf = (error: unknown) => (error as { code?: string }).code ?? String(error);

it("serves 10,000 callers of one process, some of which share a lock while others have their own", async () => {
  const testNodes = new TestNodes(3);
  const locks = testNodes.locks({ wait: 60_000 });
  const order: number[] = [];
  const failures: unknown[] = [];
  const all = Array.from({ length: count }, (_, index) => {
    const wanted = [["a"], [`own${index}`], [`shared${index % 500}`], [`x${index % 300}`, `y${index % 200}`]][
      index % 4
    ];
    return locks
      .using(wanted as string[], () => {
        if (index % 4 === 0) order.push(index);
      })
      .catch((error: unknown) => failures.push(codeOf(error)));
  });
  await testNodes.run(Promise.all(all));
  expect(failures).toEqual([]);
  expect(order).toEqual(Array.from({ length: count / 4 }, (_, index) => index * 4));
  await locks.close();
}, 600_000);

it("grants 10,000 locks while as many others are released", async () => {
  const testNodes = new TestNodes(3);
  const locks = testNodes.locks({ ttl: 600_000, renew: false });
  const acquireAll = (name: string) => Promise.all(distinct(name).map((resource) => locks.acquire(resource)));
  const held = await acquireAll("held");
  const released = held.map((lease) => lease.release());
  const others = await testNodes.run(acquireAll("other"));
  expect(new Set(await Promise.all(released))).toEqual(new Set(["released"]));
  await testNodes.run(Promise.all(others.map((lease) => lease.release())));
  await locks.close();
}, 600_000);
