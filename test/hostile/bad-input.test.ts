import { beforeAll, describe, expect, it, vi } from "vitest";
import { lockCalls } from "./calls/locks.js";
import { memoryCalls } from "./calls/memory.js";
import { optionCalls } from "./calls/options.js";
import { refusesAll } from "./support/refusal.js";
import { openStage, type Stage } from "./support/stage.js";

// Thousands of inputs, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});

describe("is answered by a typed error, before any request", () => {
  const calls = [...optionCalls, ...lockCalls, ...memoryCalls].map(
    (call) => [`${call.covers}: ${call.what ?? ""}`, call] as const,
  );
  it.each(calls)("%s", async (_, call) => {
    await refusesAll(call, stage);
    expect(stage.lease.remaining()).toBeGreaterThan(0);
    expect(stage.handle.state).toBe("idle");
  });
});
