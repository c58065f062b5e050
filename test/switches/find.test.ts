import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import {
  findSwitch,
  identifiersIn,
  type Place,
  readSources,
  switchedOff,
} from "../../scripts/switches/find.mjs";
import { switches as rules } from "../../scripts/switches/rules.mjs";
import { switches as simulated } from "../../sim/switch-list.mjs";

const sources = readSources(resolve(import.meta.dirname, "../.."));

const code = [
  "class Member {",
  "  get open(): boolean {",
  "    return this.silences >= silencesToOpen && this.timer !== null;",
  "  }",
  "}",
].join("\n");
const one = { off: "it never opens", file: "src/member.ts", from: "this.silences >= silencesToOpen" };
const offIn = (text: string, path = one.file) => {
  const given = new Map([[path, text]]);
  return switchedOff(given, findSwitch(given, one), "this.silences < 0");
};

describe("a switch", () => {
  it("is found unchanged", () => {
    expect(offIn(code)).toBe(code.replace(one.from, "this.silences < 0"));
  });

  it("is found after its identifiers were renamed, and its replacement uses the new names", () => {
    const renamed = code.replaceAll("silencesToOpen", "threshold").replaceAll("silences", "timeouts");
    expect(offIn(renamed)).toBe(renamed.replace("this.timeouts >= threshold", "this.timeouts < 0"));
  });

  it("is found after its file was moved, and after the code was reformatted", () => {
    const wrapped = code.replace("this.silences >= silencesToOpen", "this.silences >=\n      silencesToOpen");
    expect(offIn(wrapped, "src/node/failure-detector.ts")).toContain("return this.silences < 0 &&");
  });

  it("is not found if its operators or literals have changed, or if several places have its shape", () => {
    expect(() => offIn(code.replace(">=", ">"))).toThrow("nothing has the shape");
    const twice = new Map([[one.file, `${code}\n${code}`]]);
    expect(() => findSwitch(twice, one)).toThrow("stands 2 times");
    const alike = code.replaceAll("silencesToOpen", "threshold");
    expect(() => findSwitch(new Map(["a.ts", "b.ts"].map((path) => [path, alike])), one)).toThrow(
      "several places",
    );
  });

  it("with two places of its shape is found where more identifiers are unchanged", () => {
    const other = code.replaceAll("silencesToOpen", "a").replaceAll("silences", "b");
    const renamed = code.replaceAll("silencesToOpen", "threshold");
    expect(offIn(`${other}\n${renamed}`)).toContain(other);
  });
});

/** The switch is found in the file that it names, and names every identifier as the file does. */
function expectCurrent(off: string, file: string, from: string): void {
  const { path, renamed } = findSwitch(sources, { off, file, from });
  const different = [...renamed].filter(([quoted, current]) => quoted !== current);
  expect({ path, different }, off).toEqual({ path: file, different: [] });
}

describe("every switch", () => {
  it("is listed once", () => {
    const listed = [
      ...rules.map(([, , file, from, to, ...tests]) => [file, from, to, ...tests]),
      ...simulated.map(({ changes, faults, readers, minimumHolds }) => [
        changes,
        faults,
        readers,
        minimumHolds,
      ]),
    ].map((each) => JSON.stringify(each));
    expect(listed.filter((each, index) => listed.indexOf(each) !== index)).toEqual([]);
  });

  it("of the rules is found by its current names", () => {
    for (const [rule, off, file, from, , tests, ...name] of rules) {
      expectCurrent(off, file, from);
      expect(rule).toMatch(/^(\d+ [a-z -]+|waiting)$/);
      expect(tests).toMatch(/^test\//);
      expect(name.length).toBeLessThan(2);
    }
    expect(rules.length).toBeGreaterThan(100);
  });

  it("of the simulator is found by its current names", () => {
    for (const { off, changes } of simulated) {
      for (const [file, from] of changes) expectCurrent(off, file, from);
    }
    expect(simulated.length).toBeGreaterThan(50);
  });

  it("of the rules, with few exceptions, is found after the renaming of any single identifier", () => {
    let tried = 0;
    const lost = new Set<string>();
    for (const [, off, file, from] of rules) {
      const { path, from: at } = findSwitch(sources, { off, file, from });
      const line = (text = "", end = 0) => text.slice(0, end).split("\n").length;
      for (const name of identifiersIn(from)) {
        const whole = new RegExp(`(?<![\\w$])${name.replaceAll("$", "\\$")}(?![\\w$])`, "g");
        const text = (sources.get(path) ?? "").replace(whole, `${name}Renamed`);
        tried++;
        let found: Place;
        try {
          found = findSwitch(new Map([[path, text]]), { off, file, from });
        } catch {
          lost.add(off);
          continue;
        }
        // Finding no place is better than finding a wrong one.
        expect(line(text, found.from)).toBe(line(sources.get(path), at));
      }
    }
    expect(tried).toBeGreaterThan(300);
    expect(lost.size).toBeLessThan(rules.length / 10);
  });
});
