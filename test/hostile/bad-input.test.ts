import { beforeAll, describe, expect, it, vi } from "vitest";
import { lockCalls } from "./calls/locks.js";
import { memoryCalls } from "./calls/memory.js";
import { optionCalls } from "./calls/options.js";
import { refusesAll } from "./support/refusal.js";
import { createSubjects, type Subjects } from "./support/subjects.js";

// Allows thousands of inputs on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let subjects: Subjects;
beforeAll(async () => {
  subjects = await createSubjects();
});

describe("invalid input causes a typed error, before any request", () => {
  const calls = [...optionCalls, ...lockCalls, ...memoryCalls].map(
    (call) => [`${call.covers}: ${call.what ?? ""}`, call] as const,
  );
  it.each(calls)("%s", async (_, call) => {
    await refusesAll(call, subjects);
    expect(subjects.lease.remaining()).toBeGreaterThan(0);
    expect(subjects.handle.state).toBe("idle");
  });
});
