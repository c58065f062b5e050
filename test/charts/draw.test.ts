import { Resvg } from "@resvg/resvg-js";
import { describe, expect, it } from "vitest";
import { drawChart } from "../../src/charts/draw.js";
import type { ChartLayout } from "../../src/charts/layout.js";
import { layouts } from "../../src/charts/layouts.js";
import { machines } from "../../src/charts/machines.js";
import { describedBy } from "./support/described.js";
import { groupsOf, textsOf } from "./support/drawn.js";

const fonts = { loadSystemFonts: false };

/** Throws for text that is not well-formed XML. */
const read = (svg: string) => new Resvg(svg, { font: fonts });

function frozen<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(frozen);
    Object.freeze(value);
  }
  return value;
}

const litIn = (svg: string) =>
  groupsOf(svg, "state")
    .filter(({ classes }) => classes.includes("lit"))
    .map(({ attributes }) => attributes["data-state"]);

const movedIn = (svg: string) =>
  groupsOf(svg, "edge")
    .filter(({ classes }) => classes.includes("moved"))
    .map(({ attributes }) => `${attributes["data-from"]} to ${attributes["data-to"]}`);

describe.each(Object.values(layouts))("the drawn chart of the $name", (layout) => {
  const { states, transitions, entries } = describedBy(machines[layout.name]);
  const svg = drawChart(layout);

  it("is well-formed, and has the size of the layout", () => {
    expect(read(svg)).toMatchObject({ width: layout.width, height: layout.height });
  });

  it("is the same each time, and does not change the layout", () => {
    const own = frozen(structuredClone(layout));
    const options = frozen({
      state: states[0],
      moved: { event: "A", from: "b", to: "c" },
      theme: "dark" as const,
    });
    expect(drawChart(own, options)).toBe(drawChart(own, options));
    expect(drawChart(own)).toBe(svg);
  });

  it("has every state, with its name and its entry actions", () => {
    const groups = groupsOf(svg, "state");
    const drawn = groups.map(({ attributes }) => attributes["data-state"]).filter((path) => path !== "");
    expect(drawn).toEqual(states);
    for (const path of states) {
      const texts = textsOf(groups.find(({ attributes }) => attributes["data-state"] === path)!);
      expect(texts[0]).toBe(path.split(".").at(-1));
      for (const [state, action] of entries) if (state === path) expect(texts).toContain(`entry / ${action}`);
    }
  });

  it("has every transition, with its event and guard as text, and its actions in the tooltip", () => {
    const edges = groupsOf(svg, "edge");
    for (const { from, to, event, guard, actions } of transitions) {
      const label = guard === null ? event : `${event} [${guard}]`;
      const edge = edges.find(
        ({ attributes }) => attributes["data-from"] === from && attributes["data-to"] === to,
      );
      if (to === null) {
        const box = groupsOf(svg, "state").find(({ attributes }) => attributes["data-state"] === from)!;
        expect(textsOf(box)).toContain(`${label} / ${actions.join(", ")}`);
      } else {
        expect(textsOf(edge!)).toContain(label);
        expect(edge?.attributes["data-event"]?.split(" ")).toContain(event);
        expect(edge?.inner).toContain(actions.length === 0 ? label : `${label} / ${actions.join(", ")}`);
      }
    }
  });

  it("can highlight each of its states with its parents, and no other", () => {
    expect(litIn(svg)).toEqual([]);
    for (const path of states) {
      const around = states.filter((other) => path === other || path.startsWith(`${other}.`));
      const lit = drawChart(layout, { state: path });
      expect(litIn(lit)).toEqual(around);
      expect(lit).toContain(`State chart of the ${layout.name}: ${path}</title>`);
    }
  });

  it("highlights nothing for an unknown state or step", () => {
    expect(litIn(drawChart(layout, { state: "elsewhere" }))).toEqual([]);
    expect(movedIn(drawChart(layout, { moved: { event: "NOTHING", from: "x", to: "y" } }))).toEqual([]);
    expect(movedIn(drawChart(layout, { moved: { event: "", from: "", to: "" } }))).toEqual([]);
  });

  it("has a text alternative", () => {
    expect(svg).toMatch(
      /<svg [^>]*role="img"[^>]*>\n<title>State chart of the \w+<\/title>\n<desc>[^<]+<\/desc>/,
    );
  });
});

describe("the arrow of a step", () => {
  const moved = (event: string, from: string, to: string) =>
    movedIn(drawChart(layouts.lock, { moved: { event, from, to } }));

  it("starts at the parent state, if the transition does", () => {
    expect(moved("ABORT", "acquiring.asking", "idle")).toEqual(["acquiring to idle"]);
    expect(moved("DENIED", "acquiring.asking", "idle")).toEqual(["acquiring.asking to idle"]);
  });

  it("ends at the parent state, if the transition does", () => {
    expect(moved("ACQUIRE", "idle", "acquiring.asking")).toEqual(["idle to acquiring"]);
    expect(moved("ACQUIRE", "idle", "acquiring.queued")).toEqual(["idle to acquiring.queued"]);
    expect(moved("RENEW", "held", "renewing.asking")).toEqual(["held to renewing"]);
  });

  it("is identified by the target, if the event can lead to two states", () => {
    expect(moved("NO_QUORUM", "renewing.asking", "held")).toEqual(["renewing.asking to held"]);
    expect(moved("NO_QUORUM", "renewing.asking", "renewing.retrying")).toEqual([
      "renewing.asking to renewing.retrying",
    ]);
  });

  it("has only the event's own label highlighted", () => {
    const svg = drawChart(layouts.lock, {
      moved: { event: "TIMED_OUT", from: "acquiring.waiting", to: "idle" },
    });
    expect(svg.match(/class="event moved"[^>]*>[^<]*/g)).toEqual([expect.stringMatching(/>TIMED_OUT$/)]);
  });
});

it("themes differ only in their style element, and without a theme there is none", () => {
  const plain = drawChart(layouts.lock, { theme: "none" });
  expect(plain).not.toContain("<style");
  expect(plain).not.toContain("style=");
  for (const theme of ["light", "dark", "auto"] as const)
    expect(drawChart(layouts.lock, { theme }).replace(/<style>.*?<\/style>\n/s, "")).toBe(plain);
  expect(drawChart(layouts.lock)).toBe(drawChart(layouts.lock, { theme: "auto" }));
});

it.each([
  "</svg><script>alert(1)</script>",
  '" onload="alert(1)',
  "&amp;]]>",
  "\0\u001b\ud800\uffff",
  "a b",
  "__proto__",
])("hostile names are text, and nothing else: %j", (name) => {
  const box = { x: 1, y: 1, width: 90, height: 40 };
  const layout: ChartLayout = {
    name: "lock",
    width: 300,
    height: 300,
    states: [{ ...box, path: name, initial: null, notes: [{ on: name, guard: name, actions: [name] }] }],
    starts: [],
    edges: [
      {
        from: name,
        to: name,
        points: [
          [1, 1],
          [1, 90],
        ],
        label: box,
        labels: [{ event: name, guard: name, actions: [name] }],
      },
    ],
  };
  const svg = drawChart(layout, { state: name, moved: { event: name, from: name, to: name } });
  expect(() => read(svg)).not.toThrow();
  const tame = drawChart(JSON.parse(JSON.stringify(layout).replaceAll(JSON.stringify(name), '"tame"')), {
    state: "tame",
    moved: { event: "tame", from: "tame", to: "tame" },
  });
  const tagsOf = (text: string) => [...text.matchAll(/<\/?([a-z]+)/g)].map(([, tag]) => tag);
  expect(tagsOf(svg)).toEqual(tagsOf(tame));
  expect(svg).not.toContain('onload="');
});
