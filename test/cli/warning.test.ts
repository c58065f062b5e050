import { expect, test } from "vitest";
import { warningFacts, warningLine } from "../../src/cli/warning.js";

const plain = new Error("it is old");
const full = Object.assign(new Error("a has lost its memory"), {
  code: "COLD_START",
  detail: "Set `quarantine`.",
});

test("a warning is one line: its code, what happened, and what to do", () => {
  expect(warningLine(full)).toBe("warning COLD_START: a has lost its memory. Set `quarantine`.");
  expect(warningLine(plain)).toBe("warning: it is old");
});

test("a warning has its code and what to do as fields, if it has them", () => {
  expect(warningFacts(full)).toEqual({
    code: "COLD_START",
    message: "a has lost its memory",
    detail: "Set `quarantine`.",
  });
  expect(warningFacts(plain)).toEqual({ message: "it is old" });
});
