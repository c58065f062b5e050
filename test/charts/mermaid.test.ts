import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { machines } from "../../src/charts/machines.js";
import { mermaidOf } from "../../src/charts/mermaid.js";
import { modelOf } from "../../src/charts/model.js";
import { describedBy } from "./support/described.js";
import { everyKind } from "./support/every-kind.js";

const idOf = (path: string) => (path === "" ? "any_state" : path.replaceAll(".", "_"));

describe.each(Object.entries({ ...machines, "machine with every kind of transition": everyKind }))(
  "the Mermaid diagram of the %s",
  (_, machine) => {
    const lines = mermaidOf(modelOf(machine))
      .split("\n")
      .map((line) => line.trim());
    const { states, transitions, entries } = describedBy(machine);
    const lineOf = (path: string) =>
      lines.filter((line) => line.startsWith("state ") && line.includes(` as ${idOf(path)}`));

    it("is a stateDiagram-v2", () => expect(lines[0]).toBe("stateDiagram-v2"));

    it("has every state once, with its entry actions", () => {
      for (const path of states) {
        const own = lineOf(path).filter((line) => line.replace(/ \{$/, "").endsWith(` as ${idOf(path)}`));
        expect(own).toHaveLength(1);
        for (const [state, action] of entries)
          if (state === path) expect(own[0]).toContain(`<br/>entry / ${action}`);
      }
    });

    it("has every transition once, with its guard, and no other", () => {
      const expected = transitions.flatMap(({ from, event, guard, to }) =>
        to === null ? [] : [`${idOf(from)} --> ${idOf(to)}: ${event}${guard === null ? "" : ` [${guard}]`}`],
      );
      const arrows = lines.filter((line) => line.includes(" --> ") && !line.startsWith("[*]"));
      expect(arrows.sort()).toEqual(expected.sort());
    });

    it("shows the actions of a state on events that do not leave it", () => {
      for (const { from, event, actions, to } of transitions)
        if (to === null) expect(lineOf(from)[0]).toContain(`<br/>${event} / ${actions.join(", ")}`);
    });

    it("shows the initial state, of parent states too", () => {
      const parents = states.filter((path) => states.some((other) => other.startsWith(`${path}.`)));
      expect(lines.filter((line) => line.startsWith("[*] --> "))).toHaveLength(parents.length + 1);
      expect(lines.filter((line) => line === "}")).toHaveLength(parents.length);
    });
  },
);

it("breaks the lines of the committed charts' labels as GitHub renders them, by <br/> in quotes", () => {
  const files = readdirSync("visualizations/charts").filter((file) => file.endsWith(".mmd"));
  expect(files.length).toBeGreaterThan(3);
  for (const file of files) {
    for (const line of readFileSync(`visualizations/charts/${file}`, "utf8").split("\n")) {
      expect(line).not.toContain("\\n");
      if (line.includes("<br/>")) expect(line).toMatch(/^ *state "[^"]*" as \w+(?: \{)?$/);
    }
  }
});
