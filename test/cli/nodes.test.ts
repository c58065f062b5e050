import { describe, expect, test } from "vitest";
import { chooseNodes, chooseSets, everyNode } from "../../src/cli/nodes.js";
import { resolveRun } from "../../src/cli/run-options.js";

const one = "redis://one:6379";
const two = "rediss://user:pass%20word@two:6379/1";

test("the command line takes precedence over the environment, and that over the configuration", () => {
  expect(chooseNodes([one], two, [two])).toEqual([one]);
  expect(chooseNodes([], one, [two])).toEqual([one]);
  expect(chooseNodes(undefined, undefined, [two])).toEqual([two]);
});

test("the environment separates by commas, spaces and line ends", () => {
  expect(chooseNodes(undefined, ` ${one}, ${two}\n${one} `, undefined)).toEqual([one, two, one]);
});

test("without nodes the error says how to name them", () => {
  expect(() => chooseNodes(undefined, "  ", [])).toThrow(/--node .*HOLDFAST_NODES.*holdfast\.config\.json/);
});

test.each([
  ["localhost:6379", /--node: "localhost:6379" .*must start with redis:\/\//],
  ["http://host", /--node: "http:\/\/host" .*must start with redis:\/\//],
  ["https://host/path?of=it", /--node: "https:\/\/…" .*must start with redis:\/\//],
  ["redis://", /names no host/],
  ["redis://host:99999", /the port must be a number up to 65535/],
  ["redis://user:1234567@host:99999/1", /the port must be a number up to 65535/],
  ["redis://ho st", /host or port cannot be read/],
])("%s is refused", (address, why) => {
  expect(() => chooseNodes([address], undefined, undefined)).toThrow(why);
});

test.each([
  "redis//:hidden-word@host",
  "redis://u:hidden-word@",
  "redis://u:hidden-word/x@host",
  "redis://u:12#hidden-word@host",
  "u:hidden-word@host:6379",
  "redis://:hidden-word",
])("the password in the malformed %s is not repeated", (address) => {
  let message = "";
  try {
    chooseNodes([one, address], undefined, undefined);
  } catch (error) {
    message = String(error);
  }
  expect(message).toMatch(/--node \(the 2nd\)/);
  expect(message).not.toContain("hidden-word");
});

describe("the nodes before a change", () => {
  const three = ["redis://a", "redis://b", "redis://c"];
  const [a] = three as [string];

  test("are absent unless they are named", () => {
    expect(chooseSets({ node: three }, {}, {})).toEqual({ nodes: three });
  });

  const environment = { HOLDFAST_NODES: `${one} ${a}`, HOLDFAST_PREVIOUS_NODES: one };
  const config = { nodes: three, previous: [a] };

  test("come from where the nodes come from", () => {
    const flags = { node: three, previousNode: [two] };
    expect(chooseSets(flags, environment, config)).toEqual({ nodes: three, previous: [two] });
    expect(chooseSets({}, environment, config)).toEqual({ nodes: [one, a], previous: [one] });
    expect(chooseSets({}, {}, config)).toEqual({ nodes: three, previous: [a] });
  });

  test("of another place are not taken", () => {
    expect(chooseSets({ node: three }, environment, config)).toEqual({ nodes: three });
    expect(chooseSets({}, { HOLDFAST_NODES: one }, config)).toEqual({ nodes: [one] });
  });

  test.each(["", " , "])("in a variable that is %j are not named", (empty) => {
    const { HOLDFAST_NODES } = environment;
    const emptied = { HOLDFAST_NODES, HOLDFAST_PREVIOUS_NODES: empty };
    expect(chooseSets({}, emptied, config)).toEqual({ nodes: [one, a] });
    expect(chooseSets({}, { HOLDFAST_NODES: empty, HOLDFAST_PREVIOUS_NODES: empty }, config)).toEqual(config);
  });

  test("without the nodes in the same place are refused: they would leave the process out of the change", () => {
    expect(() => chooseSets({ previousNode: [a] }, environment, config)).toThrow(
      "--previous-node is given without --node: name the nodes before and after the change in the same place",
    );
    expect(() => chooseSets({}, { HOLDFAST_PREVIOUS_NODES: a }, config)).toThrow(
      /HOLDFAST_PREVIOUS_NODES is given without HOLDFAST_NODES/,
    );
  });

  test("are each one node with the node of the same address after the change", () => {
    expect(everyNode({ nodes: three, previous: [a, "redis://d"] })).toEqual([...three, "redis://d"]);
    expect(everyNode({ nodes: three })).toEqual(three);
  });

  test.each([
    [{ previousNode: [a, a] }, {}, {}, /--previous-node: "redis:\/\/a" is named twice; name each node once/],
    [{ previousNode: [...three].reverse() }, {}, {}, /--previous-node has the same nodes .*leave it out/],
    [{ previousNode: ["a:1"] }, {}, {}, /--previous-node: "a:1" .*must start with redis:\/\//],
    [{ node: [] }, {}, { nodes: three, previous: [] }, /"previous" names no node/],
  ])("case %# is refused with one line", (flags, environment, config, why) => {
    let message = "";
    try {
      chooseSets({ node: three, ...flags }, environment, config);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(why);
    expect(message).not.toContain("\n");
  });

  test("a password in an address that is named twice is not repeated", () => {
    const secret = "redis://u:hidden-word@one";
    expect(() => chooseSets({ node: three, previousNode: [secret, secret] }, {}, {})).toThrow(
      /^(?!.*hidden-word).*named twice/,
    );
  });
});

test("a run passes both lists on", () => {
  const flags = { resource: ["a"], node: [one, two], previousNode: [one] };
  expect(resolveRun(flags, ["true"], {}, {})).toMatchObject({ nodes: [one, two], previous: [one] });
  const { previousNode: _, ...without } = flags;
  expect(resolveRun(without, ["true"], {}, {})).not.toHaveProperty("previous");
});
