import fc from "fast-check";
import { expect, it } from "vitest";
import type { Election, Term } from "../../src/index.js";
import { settle } from "../manager/test-nodes.js";
import { Candidates, ttl } from "./candidates.js";

interface Subject {
  readonly candidates: Candidates;
  readonly elections: readonly Election[];
  /** Lets the code of the oldest term that still runs end. */
  endWork(outcome: "fulfilled" | "rejected"): void;
}

type Action = (subject: Subject, index: number) => unknown;

/** Actions on one of three candidates, or on one of three nodes. */
const actions: Readonly<Record<string, Action>> = {
  resign: ({ elections }, index) => void elections[index]?.resign(),
  close: ({ elections }, index) => void (index > 0 && elections[index]?.close()),
  "fulfil onElected": ({ endWork }) => endWork("fulfilled"),
  "reject onElected": ({ endWork }) => endWork("rejected"),
  crash: ({ candidates }, index) => candidates.testNodes.node(index).crash(),
  // A majority without memory could grant what is held: that breaks the conditions.
  "restart the first without memory": ({ candidates }) => candidates.testNodes.node(0).restart(),
  reconnect: ({ candidates }, index) => candidates.testNodes.node(index).reconnect(),
  hang: ({ candidates }, index) => candidates.testNodes.node(index).hang(),
  wake: ({ candidates }, index) => candidates.testNodes.node(index).wake(),
  stall: ({ candidates }) => candidates.testNodes.clock.stall(ttl * 1.5),
  wait: ({ candidates }) => candidates.pass(100),
  "wait for a ttl": ({ candidates }) => candidates.pass(ttl),
};

const anyStep = fc.tuple(
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...Object.keys(actions)) },
    { weight: 2, arbitrary: fc.constantFrom("wait", "wait for a ttl") },
  ),
  fc.nat(2),
);

async function begin(): Promise<Subject> {
  const candidates = new Candidates();
  const running: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const inProcess = new Map<string, number>();
  // The code of a term may ignore its signal, but never runs twice at once in a process.
  const onElectedOf = (owner: string) => async (_: Term) => {
    const count = (inProcess.get(owner) ?? 0) + 1;
    inProcess.set(owner, count);
    if (count > 1) throw new Error(`${owner} runs ${count} terms at once`);
    await new Promise<void>((resolve, reject) => running.push({ resolve, reject })).finally(() =>
      inProcess.set(owner, 0),
    );
  };
  const errors: unknown[] = [];
  const onListenerError = (error: unknown) => void errors.push(error);
  const elections = ["a", "b", "c"].map((owner) =>
    candidates.open(owner, { onElected: onElectedOf(owner) }, { onListenerError }),
  );
  await candidates.pass(100);
  return {
    candidates,
    elections,
    endWork(outcome) {
      const work = running.shift();
      if (outcome === "fulfilled") work?.resolve();
      else work?.reject(new Error("failed"));
      const twice = errors.find((error) => String(error).includes("at once"));
      if (twice !== undefined) throw twice;
    },
  };
}

it("whatever happens to nodes and candidates, one term at most is valid, and somebody leads after the last fault", async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on("unhandledRejection", note);
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 5, maxLength: 25 }), async (steps) => {
      const subject = await begin();
      const { candidates, elections } = subject;
      for (const [name, index] of steps) {
        await actions[name]?.(subject, index);
        await settle();
      }
      for (const node of candidates.testNodes.nodes) {
        node.wake();
        if (node.connection !== "ready") node.reconnect();
      }
      // Enough for a quarantine, for the longest pause, and for code that is waited for.
      for (let passed = 0; passed < 30 * ttl; passed += ttl) {
        for (let count = 0; count < 3; count++) subject.endWork("fulfilled");
        await candidates.pass(ttl);
      }
      const open = elections.filter(({ state }) => state !== "closed");
      expect(open.filter(({ isLeader }) => isLeader)).toHaveLength(1);
      for (const locks of candidates.managers) await candidates.run(locks.close());
      expect(elections.map(({ state }) => state)).toEqual(["closed", "closed", "closed"]);
      expect(candidates.testNodes.clock.pending).toBe(0);
    }),
    { numRuns: 25 },
  );
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
}, 120_000);
