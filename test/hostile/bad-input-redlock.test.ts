import { beforeAll, describe, expect, it, vi } from "vitest";
import { redlockCalls } from "./calls/redlock.js";
import { openRedlockStage, type RedlockStage } from "./support/redlock-stage.js";
import { refusesAll } from "./support/refusal.js";

// Thousands of inputs, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

let stage: RedlockStage;
beforeAll(async () => {
  stage = await openRedlockStage();
});

describe("of the Redlock class is answered as its packages promise, or by a typed error, before any request", () => {
  const calls = redlockCalls.map((call) => [`${call.covers}: ${call.what ?? ""}`, call] as const);
  it.each(calls)("%s", async (_, call) => {
    await refusesAll(call, stage);
    for (const lock of [stage.former, stage.modern, stage.plain]) {
      expect(stage.redlock.handle(lock)?.state).toBe("held");
    }
  });
});
