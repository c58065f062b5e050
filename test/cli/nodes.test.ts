import { expect, test } from "vitest";
import { chooseNodes } from "../../src/cli/nodes.js";

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
  ["http://host", /must start with redis:\/\//],
  ["redis://", /names no host/],
  ["redis://host:99999", /host or port cannot be read/],
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
