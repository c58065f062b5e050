import { describe, expect, test } from "vitest";
import { parseConfig } from "../../src/cli/config.js";
import { choose, everyAddress, setsOf } from "../../src/cli/groups.js";
import { resolveRun } from "../../src/cli/run-options.js";

const [a, b, c, d] = ["redis://a", "redis://b", "redis://c", "redis://d"] as const;

describe("groups on the command line", () => {
  test("have the names of a list, or names of their own", () => {
    expect(choose({ group: [`${a},${b}`, c] }, {}, {})).toEqual({ groups: { 1: [a, b], 2: [c] } });
    const named = choose({ group: [`one=${a},${b}?db=1`, `two=${c}`] }, {}, {});
    expect(named).toEqual({ groups: { one: [a, `${b}?db=1`], two: [c] } });
  });

  test("win over the environment and the configuration", () => {
    const chosen = choose(
      { group: [a, b] },
      { HOLDFAST_NODES: c, HOLDFAST_PREVIOUS_NODES: d },
      { nodes: [d], groups: { 1: [d] } },
    );
    expect(chosen).toEqual({ groups: { 1: [a], 2: [b] } });
  });

  test("are passed on by a run", () => {
    const options = resolveRun({ resource: ["r"], group: [a, b] }, ["true"], {}, {});
    expect(options).toMatchObject({ groups: { 1: [a], 2: [b] } });
    expect(options).not.toHaveProperty("nodes");
  });
});

describe("groups of the configuration file", () => {
  test("are a list or an object, and so are those before a change", () => {
    expect(parseConfig(`{"groups": [["${a}"], ["${b}"]]}`, "file")).toEqual({ groups: { 1: [a], 2: [b] } });
    const changing = parseConfig(
      `{"groups": {"x": ["${a}"], "y": ["${b}"]}, "previous": {"x": ["${c}"], "y": ["${b}"]}}`,
      "file",
    );
    expect(choose({}, {}, changing)).toEqual({ groups: { x: [a], y: [b] }, previous: { x: [c], y: [b] } });
  });

  test("give way to nodes on the command line", () => {
    expect(choose({ node: [c] }, {}, { groups: { 1: [a] } })).toEqual({ nodes: [c] });
  });

  test.each([
    '{"groups": "redis://u:hidden@h"}',
    '{"groups": []}',
    '{"groups": {}}',
    '{"groups": ["redis://u:hidden@h"]}',
    '{"groups": {"x": [7]}}',
  ])("%s is refused", (json) => {
    expect(() => parseConfig(json, "file")).toThrow(
      /^(?!.*hidden).*"groups" must be a list of lists of addresses/,
    );
  });
});

test.each([
  [{ group: [a], node: [b] }, {}, {}, /--group and --node/],
  [{ group: [a, b], previousNode: [c] }, {}, {}, /--previous-node is for nodes without groups/],
  [
    {},
    { HOLDFAST_PREVIOUS_NODES: c },
    { groups: { 1: [a] } },
    /HOLDFAST_PREVIOUS_NODES is for nodes without groups/,
  ],
  [{ group: [`one=${a}`, b] }, {}, {}, /every group a name .*or none/],
  [{ group: [`one=${a}`, `one=${b}`] }, {}, {}, /the group one is named twice/],
  [{ group: [a, ""] }, {}, {}, /--group: the group 2 names no node/],
  [{ group: [a, "b:1"] }, {}, {}, /--group, group 2: "b:1" is not an address/],
  [{}, { HOLDFAST_NODES: c }, { groups: { 1: [a] } }, /HOLDFAST_NODES names nodes.*"groups"/],
  [{}, {}, { groups: { 1: [a] }, nodes: [b] }, /"nodes" and "groups"/],
  [{}, {}, { groups: { 1: [a] }, previous: [b] }, /"previous" must be groups/],
  [{}, {}, { nodes: [a], previous: { 1: [b] } }, /"previous" must be a list of addresses/],
  [{ previousNode: [c] }, {}, { groups: { 1: [a] } }, /--previous-node is for nodes without groups/],
])("case %# is refused with one line", (flags, environment, config, why) => {
  let message = "";
  try {
    choose(flags, environment, config);
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message).toMatch(why);
  expect(message).not.toContain("\n");
});

test("every node of every group is asked once", () => {
  const chosen = { groups: { x: [a, b], y: [c] }, previous: { x: [a, d], y: [c] } };
  expect(everyAddress(chosen)).toEqual([a, b, d, c]);
  expect(setsOf(chosen)).toEqual([
    ["x", { nodes: [a, b], previous: [a, d] }],
    ["y", { nodes: [c] }],
  ]);
  expect(everyAddress({ nodes: [a, b] })).toEqual([a, b]);
});
