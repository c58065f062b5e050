import { describe, expect, it } from "vitest";
import { layouts } from "../../src/charts/layouts.js";
import { chartStyle } from "../../src/charts/style.js";
import { toneOf, tones } from "../../src/charts/tones.js";

/** WCAG's relative luminance. */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [dark = 0, bright = 0] = [luminance(a), luminance(b)].sort((one, other) => one - other);
  return (bright + 0.05) / (dark + 0.05);
}

describe.each(["light", "dark"] as const)("in the %s theme", (theme) => {
  const css = chartStyle(theme);
  const fillOf = (selector: string): string => {
    const rule = css
      .split("\n")
      .find((line) => line.split("{")[0]?.split(",").includes(selector) && /[{;]fill:#/.test(line));
    const fill = rule?.match(/fill:(#[0-9a-f]{6})/)?.[1];
    if (fill === undefined) throw new Error(`nothing fills ${selector}`);
    return fill;
  };

  it.each(tones)("text on %s is readable, highlighted or not", (tone) => {
    for (const text of [".chart .name", ".chart .note", `.chart .${tone} .note.moved`])
      expect(contrast(fillOf(text), fillOf(`.chart .${tone} rect`))).toBeGreaterThanOrEqual(4.5);
    const [onLit, lit] = [fillOf(`.chart .${tone}.lit.leaf text`), fillOf(`.chart .${tone}.lit.leaf rect`)];
    expect(contrast(onLit, lit)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(lit, fillOf(".chart .canvas"))).toBeGreaterThanOrEqual(3);
  });

  it("events are readable, moved or not", () => {
    for (const text of [".chart .event", ".chart .guard", ".chart .event.moved"])
      expect(contrast(fillOf(text), fillOf(".chart .pill"))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(fillOf(".chart .tip"), fillOf(".chart .canvas"))).toBeGreaterThanOrEqual(3);
  });
});

it("auto is light, and dark if the reader's system is", () => {
  const rules = (css: string) => css.split("\n").filter((line) => line.startsWith(".chart"));
  const [before = "", after = ""] = chartStyle("auto").split("@media (prefers-color-scheme:dark){");
  expect(rules(before)).toEqual(rules(chartStyle("light")));
  expect(rules(chartStyle("dark"))).toEqual(expect.arrayContaining(rules(after)));
  expect(rules(after)).not.toEqual([]);
});

it("affects only charts", () => {
  for (const theme of ["light", "dark", "auto"] as const)
    for (const line of chartStyle(theme)
      .split("\n")
      .filter((one) => one.includes("{") && !one.startsWith("@media")))
      for (const selector of line.split("{")[0]?.split(",") ?? []) expect(selector).toMatch(/^\.chart /);
});

it("each state has a tone, shared by its substates; unknown states are grey", () => {
  for (const { states } of Object.values(layouts))
    for (const { path } of states) expect(toneOf(path)).toBe(toneOf(path.split(".")[0] ?? ""));
  for (const odd of ["", "elsewhere", "__proto__", "constructor", "toString.x"])
    expect(toneOf(odd)).toBe("grey");
});
