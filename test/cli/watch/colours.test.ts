import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Colours } from "../../../src/cli/colours.js";
import { colourOf } from "../../../src/cli/watch/colours.js";

/** What a terminal calls the colours of the page. */
const terminalNames: Readonly<Record<string, string>> = {
  amber: "yellow",
  teal: "cyan",
  violet: "magenta",
  grey: "dim",
};

/** The colour of each state on the page, by the style sheet. */
function pageColours(): [string, string][] {
  const css = readFileSync("visualizations/inspector/src/style/tokens.css", "utf8");
  return [...css.matchAll(/([^{}]*)\{\s*--state: var\(--(\w+)\);/g)].flatMap(
    ([, selectors = "", colour = ""]) =>
      [...selectors.matchAll(/data-(?:lock|node)-state="(\w+)"/g)].map(([, state = ""]): [string, string] => [
        state,
        colour,
      ]),
  );
}

const paint = new Proxy({}, { get: (_, name) => () => name }) as Colours;

test("the terminal has the page's colour for each state of a lock and of a node", () => {
  const states = pageColours().filter(([state]) => state !== "unused");
  expect(states.length).toBeGreaterThan(12);
  for (const [state, colour] of states) {
    const expected = terminalNames[colour] ?? colour;
    expect({ state, colour: colourOf(state, paint)("") }).toEqual({ state, colour: expected });
  }
});
