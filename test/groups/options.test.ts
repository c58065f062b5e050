import { describe, expect, it } from "vitest";
import { createLocks, type GroupedLocksOptions, InvalidOptionError } from "../../src/index.js";
import { GroupNodes } from "./group-nodes.js";

const nodes = new GroupNodes(3);
const [a, b, c] = nodes.groups as [typeof nodes.nodes, typeof nodes.nodes, typeof nodes.nodes];
const holed = Object.assign([a], { 2: b });
const [address, secret] = ["redis://10.0.0.1", "redis://u:hidden-word@10.0.0.1"];

function refusal(options: object): InvalidOptionError {
  try {
    createLocks({ clock: nodes.clock, ...options } as unknown as GroupedLocksOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOptionError);
    return error as InvalidOptionError;
  }
  throw new Error("was not refused");
}

describe("groups that cannot work are refused at once", () => {
  it.each<[string, object, string, RegExp]>([
    ["nodes and groups", { nodes: a, groups: [a, b] }, "groups", /left out, because `nodes` is given/],
    ["no groups", { groups: [] }, "groups", /must be a list of groups of nodes.*got an empty array/],
    ["no named groups", { groups: {} }, "groups", /must be a list of groups of nodes/],
    ["null", { groups: null }, "groups", /must be a list of groups of nodes.*got null/],
    ["one address", { groups: address }, "groups", /must be a list of groups of nodes.*got a string/],
    ["nodes in place of groups", { groups: a }, "groups.1", /a list of at least one client/],
    ["an empty group", { groups: [a, []] }, "groups.2", /at least one client.*got an empty array/],
    ["a hole", { groups: holed }, "groups.2", /at least one client.*got undefined/],
    ["what is no node", { groups: { x: a, y: [7] } }, "groups.y[0]", /must be a client of ioredis/],
    [
      "a node in two groups",
      { groups: [a, [b[0], a[1]]] },
      "groups",
      /without a node in common: groups\.1\[1\] and groups\.2\[1\] are the same/,
    ],
    [
      "an address in two groups",
      { groups: [[address], [address]] },
      "groups",
      /groups\.1\[0\] and groups\.2\[0\] are the same/,
    ],
    [
      "a name with a space",
      { groups: { "a b": a, c: b } },
      "groups",
      /names have 1 to 64 letters.*got "a b"/,
    ],
    ["an empty name", { groups: { "": a, c: b } }, "groups", /names have 1 to 64 letters/],
    ["a long name", { groups: { ["x".repeat(65)]: a, c: b } }, "groups", /names have 1 to 64 letters/],
    ["a prefix with a hash tag", { groups: [a, b], prefix: "{app}:" }, "prefix", /without a hash tag/],
    [
      "another list of groups before",
      { groups: [a, b, c], previous: [a, b] },
      "previous",
      /same groups \(1, 2, 3\).*cannot be added, removed or renamed.*docs\/groups\.md/,
    ],
    [
      "other names before",
      { groups: { x: a, y: b }, previous: { x: a, z: c } },
      "previous",
      /same groups \(x, y\)/,
    ],
    ["nodes before", { groups: [a, b], previous: a }, "previous.1", /at least one client/],
    [
      "the same groups before",
      { groups: [a, b], previous: [a, [...b].reverse()] },
      "previous",
      /leave it out/,
    ],
    [
      "a node that moves from group to group",
      { groups: [[a[0], a[1], b[0]], c], previous: [a, [b[0]]] },
      "groups",
      /groups\.1\[2\] and previous\.2\[0\] are the same/,
    ],
    ["an unknown option", { groups: [a, b], grups: 1 }, "grups", /left out/],
    ["an invalid ttl", { groups: [a, b], ttl: 0 }, "ttl", /an integer from 1/],
    ["an invalid logger", { groups: [a, b], logger: {} }, "logger", /an object with/],
  ])("%s", (_, options, option, message) => {
    const error = refusal(options);
    expect(error.option).toBe(option);
    expect(error.message).toMatch(message);
  });

  it("without showing a password", () => {
    expect(refusal({ groups: [[secret], [secret]] }).message).not.toContain("hidden-word");
    expect(refusal({ groups: secret }).message).not.toContain("hidden-word");
  });

  it("a client with a key prefix of its own", () => {
    const prefixed = new Proxy(nodes.node(0), {
      get: (node, key) =>
        key === "keyspace" ? { prefix: "app:", database: 0 } : Reflect.get(node, key, node),
    });
    const error = refusal({ groups: [[prefixed], b] });
    expect(error.message).toMatch(/key prefix of their own: give the prefix to createLocks/);
  });
});

it("options that cannot be read are refused as without groups", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  expect(() => createLocks(proxy as never)).toThrow(InvalidOptionError);
});
