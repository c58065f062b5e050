import { describe, expect, it } from "vitest";
import { managerOf } from "../../src/api/managed-locks.js";
import type { MemoryNode } from "../../src/clients/memory/memory-node.js";
import { Observers } from "../../src/manager/observers.js";
import { caught } from "../safety/scripted-locks.js";
import { wayTo } from "../support/way-to.js";
import { settle, TestNodes } from "./test-nodes.js";

const broken = new Error("the node is broken");
const failing = () => {
  throw broken;
};

/** Observers, and the errors of the observers that were reported. */
function setUp() {
  const reported: unknown[] = [];
  return { observers: new Observers((error) => reported.push(error)), reported };
}

describe("the error of a call that an observer makes", () => {
  it("reaches the caller once, is no error of the observer, and the observer sees the end", () => {
    const { observers, reported } = setUp();
    const steps: string[] = [];
    observers.add({
      nodeCalled: (_node, _callers, call) => {
        try {
          call();
        } catch (error) {
          steps.push(String(error));
        }
        return () => steps.push("end");
      },
    });
    expect(() => observers.nodeCalled(0, [], failing)).toThrow(broken);
    expect(steps).toEqual([String(broken), "end"]);
    expect(reported).toEqual([]);
  });

  it("is no error of an observer that lets it pass", () => {
    const { observers, reported } = setUp();
    observers.add({
      nodeCalled: (_node, _callers, call) => {
        call();
        return null;
      },
    });
    expect(() => observers.nodeCalled(0, [], failing)).toThrow(broken);
    expect(reported).toEqual([]);
  });

  it("does not hide an error of the observer", () => {
    const { observers, reported } = setUp();
    const own = new Error("the exporter is broken");
    observers.add({
      nodeCalled: () => {
        throw own;
      },
    });
    expect(() => observers.nodeCalled(0, [], failing)).toThrow(broken);
    expect(reported).toEqual([own]);
  });

  it("fails the votes of all callers at once", async () => {
    const testNodes = new TestNodes(1);
    const node = testNodes.node(0) as MemoryNode;
    const locks = testNodes.locks({
      nodes: [wayTo(node, { execute: failing })],
      nodeTimeout: 1_000,
      retry: { count: 0 },
    });
    managerOf(locks).watch({
      nodeCalled: (_node, _callers, call) => {
        call();
        return null;
      },
    });
    await testNodes.run(locks.ready());
    const failures = Promise.all(["a", "b"].map((name) => caught(locks.acquire(name))));
    await settle();
    for (const error of await testNodes.run(failures, 100)) expect(String(error)).toContain(broken.message);
  });
});

it("a call that renews several leases is observed with the callers of all of them", async () => {
  const testNodes = new TestNodes(1);
  const locks = testNodes.locks({ ttl: 1_000, grouping: true });
  await testNodes.run(Promise.all(["a", "b", "c"].map((name) => locks.acquire(name))));
  const callers: number[] = [];
  managerOf(locks).watch({
    nodeCalled: (_node, all, call) => {
      callers.push(all.length);
      call();
      return null;
    },
  });
  await testNodes.clock.advance(500);
  expect(callers).toEqual([3]);
});
