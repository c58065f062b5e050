import { beforeAll, describe, expect, it, vi } from "vitest";
import { redlockCalls } from "./calls/redlock.js";
import { createRedlockSubjects, type RedlockSubjects } from "./support/redlock-subjects.js";
import { refusesAll } from "./support/refusal.js";

// Allows thousands of inputs on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let subjects: RedlockSubjects;
beforeAll(async () => {
  subjects = await createRedlockSubjects();
});

describe("invalid input to the Redlock class causes a documented or a typed error, before any request", () => {
  const calls = redlockCalls.map((call) => [`${call.covers}: ${call.what ?? ""}`, call] as const);
  it.each(calls)("%s", async (_, call) => {
    await refusesAll(call, subjects);
    for (const lock of [subjects.redlock4, subjects.redlock5, subjects.nodeRedlock]) {
      expect(subjects.redlock.handle(lock)?.state).toBe("held");
    }
  });
});
