import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import type { SetRecord } from "../../src/engine/protocol/set-record.js";
import { acquire, granted, type Open, one, openReady, type Subject, tokenOf, uniqueKey } from "./subject.js";

let serial = 0;
/** The description of a set that no other test uses; the nodes may be of any form. */
const uniqueSet = (prefix = ""): string => `*,${process.pid}x${++serial} ${prefix}`;

/** The contract of every node that has a record of the sets of nodes, whatever its client. */
export function describeSetsContract(name: string, open: Open): void {
  describe(`the record of sets, ${name}`, () => {
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

    const record = async (sets: string, former = "", watermark = 0): Promise<SetRecord> => {
      const answer = await node.recordSets?.(sets, former, watermark);
      if (answer === undefined) throw new Error("the node has no record of sets");
      return answer;
    };
    /** The age of each of these sets; null for a set that is not recorded. */
    const agesOf = async (...sets: string[]) => {
      const { uses } = await record("");
      return sets.map((one) => uses.find((use) => use.sets === one)?.age ?? null);
    };

    test("a set is recorded with the time since its use, whatever its prefix", async () => {
      const sets = [uniqueSet(), uniqueSet("app: {ü}/,~ ")] as const;
      for (const one of sets) expect((await record(one)).uses.map((use) => use.sets)).toContain(one);
      for (const age of await agesOf(...sets)) {
        expect(age).toBeGreaterThanOrEqual(0);
        expect(age).toBeLessThan(60_000);
      }
    });

    test("a look records nothing", async () => {
      const before = (await record("")).uses.length;
      expect((await record("")).uses).toHaveLength(before);
    });

    test("a set replaces its former description", async () => {
      const [former, sets] = [uniqueSet(), uniqueSet()];
      await record(former);
      await record(sets, former);
      expect(await agesOf(former, sets)).toEqual([null, expect.any(Number)]);
    });

    test("a look does not remove a former description", async () => {
      const sets = uniqueSet();
      await record(sets);
      await record("", sets);
      expect(await agesOf(sets)).toEqual([expect.any(Number)]);
    });

    test("the highest fence is raised exactly, and never lowered", async () => {
      // About the present in µs, of which no digit may be lost.
      const fence = 1_767_225_600_000_916 + 1_000 * ++serial;
      expect(await one(node, { ...acquire(uniqueKey(), tokenOf("me")), fence } as never)).toMatchObject(
        granted,
      );
      const seen = (await record("")).watermark;
      expect(seen).toBeGreaterThanOrEqual(fence);
      expect((await record("", "", seen + 7)).watermark).toBe(seen + 7);
      expect((await record(uniqueSet(), "", seen + 3)).watermark).toBe(seen + 7);
      expect((await record("")).watermark).toBe(seen + 7);
    });
  });
}
