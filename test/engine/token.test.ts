import { describe, expect, it } from "vitest";
import { freshToken, isOwnerLabel } from "../../src/engine/protocol/token.js";
import { systemRandom } from "../../src/engine/time/random.js";

describe("a token", () => {
  it("contains the owner's label and 128 random bits, and never repeats", () => {
    const tokens = Array.from({ length: 2_000 }, () => freshToken("me:1", systemRandom));
    expect(new Set(tokens).size).toBe(2_000);
    for (const token of tokens) expect(token).toMatch(/^me:1~[\w-]{22}$/);
  });

  it("accepts a label in any script, but no terminal control characters", () => {
    for (const label of ["host:1", "имя", "a b", "🔒"]) expect(isOwnerLabel(label), label).toBe(true);
    for (const label of ["", "a~b", "a\nb", "\u001b[2J", "\u202e", "\u2028", "x".repeat(129)]) {
      expect(isOwnerLabel(label), JSON.stringify(label)).toBe(false);
    }
  });
});
