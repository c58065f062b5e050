import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import { nodeCases } from "../../src/testing/contract/node-contract.js";
import { type Open, openReady, type Subject } from "./subject.js";

/** The contract of every node, whatever its client. `holdfast/testing` offers the same cases to users. */
export function describeNodeContract(name: string, open: Open): void {
  describe(name, () => {
    let subject: Subject;
    let node: LockNode;

    beforeAll(async () => {
      subject = await openReady(open);
      node = subject.node;
    });
    afterAll(async () => {
      await node.close();
      await subject.end();
    });

    for (const { name, run } of nodeCases) test(name, () => run(node));

    test("calls every watcher, except those that unsubscribed", async () => {
      const fresh = await openReady(open);
      const seen: string[] = [];
      const stop = fresh.node.watch(() => seen.push("stopped"));
      fresh.node.watch((connection) => seen.push(connection));
      stop();
      await fresh.node.close();
      await fresh.end();
      expect(seen).not.toContain("stopped");
    });
  });
}
