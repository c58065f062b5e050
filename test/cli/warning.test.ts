import { expect, test, vi } from "vitest";
import { buildProgram } from "../../src/cli/program.js";
import { warningFacts, warningLine } from "../../src/cli/warning.js";
import { mismatchAdvice } from "../../src/engine/protocol/mismatch.js";
import { warnOfColdStart } from "../../src/manager/node-warnings.js";

const plain = new Error("it is old");
const full = Object.assign(new Error("a has lost its memory"), {
  code: "COLD_START",
  detail: "Set `quarantine`.",
});

test("a warning is one line: its code, what happened, and what to do", () => {
  expect(warningLine(full, new Set())).toBe("warning COLD_START: a has lost its memory. Set --quarantine.");
  expect(warningLine(plain, new Set())).toBe("warning: it is old");
});

test("a warning has its code and what to do as fields, if it has them", () => {
  expect(warningFacts(full)).toEqual({
    code: "COLD_START",
    message: "a has lost its memory",
    detail: "Set --quarantine.",
  });
  expect(warningFacts(plain)).toEqual({ message: "it is old" });
});

test("what to do is said once for several warnings with the same advice", () => {
  const given = new Set<string>();
  warningLine(full, given);
  const other = Object.assign(new Error("b has lost its memory"), { code: full.code, detail: full.detail });
  expect(warningLine(other, given)).toBe("warning COLD_START: b has lost its memory");
});

test("the advice of warnings that run prints names options of run", () => {
  const details: string[] = [];
  const emitted = vi.spyOn(process, "emitWarning").mockImplementation((_, options) => {
    details.push((options as { detail: string }).detail);
  });
  warnOfColdStart(["redis://only"], true);
  for (const known of [false, true]) warnOfColdStart(["redis://a", "redis://b"], known);
  emitted.mockRestore();
  details.push(mismatchAdvice({ node: "a", age: 0, own: "*,b ", sets: "* " }));
  details.push(mismatchAdvice({ node: "a", age: 0, own: "*,b@one:1f ", sets: "* " }));
  const run = buildProgram("0", () => {}).commands.find((command) => command.name() === "run");
  const known = run?.options.map(({ long }) => long);
  for (const detail of details) {
    const advice = warningLine(Object.assign(new Error("it"), { detail }), new Set());
    expect(advice.match(/`[^`]*`/g)?.filter((quoted) => quoted !== "`holdfast doctor`") ?? []).toEqual([]);
    const flags = advice.match(/--[a-z-]+/g) ?? [];
    expect(flags).not.toEqual([]);
    for (const flag of flags) expect(known).toContain(flag);
  }
});
