import { describe, expect, it } from "vitest";
import { hashTag, Rendezvous } from "../../src/groups/rendezvous.js";

const resources = Array.from({ length: 10_000 }, (_, index) => `order:${index}`);
const namesOf = (count: number) => Array.from({ length: count }, (_, index) => String(index + 1));

/** How many of the resources each group has. */
function sizes(names: readonly string[]): number[] {
  const rendezvous = new Rendezvous(names);
  const counts = new Map(names.map((name) => [name, 0]));
  for (const resource of resources) {
    const group = rendezvous.choose(resource);
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return [...counts.values()];
}

describe("rendezvous hashing", () => {
  it.each([2, 3, 5, 12, 20])("spreads 10,000 resources evenly over %i groups", (count) => {
    const share = resources.length / count;
    // Four standard deviations of a fair choice: the resources are fixed, so that the result is too.
    const tolerance = 4 * Math.sqrt(share * (1 - 1 / count));
    for (const size of sizes(namesOf(count))) expect(Math.abs(size - share)).toBeLessThan(tolerance);
  });

  it.each([
    ["named by regions", ["eu-west-1", "eu-central-1", "us-east-1"]],
    ["with names of one letter", ["a", "b", "c"]],
    ["with names that end alike", ["redis-1.locks", "redis-2.locks", "redis-3.locks"]],
  ])("spreads them evenly over groups %s", (_, names) => {
    for (const size of sizes(names)) expect(Math.abs(size - 3_333)).toBeLessThan(190);
  });

  it.each([1, 2, 5, 11])(
    "moves only the share of a group that is added to %i groups, and only there",
    (count) => {
      const before = new Rendezvous(namesOf(count));
      const after = new Rendezvous(namesOf(count + 1));
      const moved = resources.filter((resource) => before.choose(resource) !== after.choose(resource));
      const share = resources.length / (count + 1);
      expect(Math.abs(moved.length - share)).toBeLessThan(4 * Math.sqrt(share));
      expect(new Set(moved.map((resource) => after.choose(resource)))).toEqual(new Set([String(count + 1)]));
    },
  );

  it("depends on the names only, not on their order", () => {
    const [one, other] = [new Rendezvous(["a", "b", "c"]), new Rendezvous(["c", "a", "b"])];
    for (const resource of resources) expect(other.choose(resource)).toBe(one.choose(resource));
  });

  it("assigns as every other version does", () => {
    const rendezvous = new Rendezvous(["1", "2", "3"]);
    const assigned = ["a", "b", "c", "payouts:42", "reports:nightly", "Zürich", "東京", ""].map((key) =>
      rendezvous.choose(key),
    );
    expect(assigned.join(" ")).toBe("2 2 1 3 2 3 1 1");
  });
});

describe("the hash tag of a key", () => {
  it.each([
    ["user:42", "user:42"],
    ["{user:42}:a", "user:42"],
    ["a:{user:42}:{b}", "user:42"],
    ["{}:a", "{}:a"],
    ["{}{b}", "{}{b}"],
    ["{a", "{a"],
    ["a}b", "a}b"],
    ["}{a}", "a"],
    ["{{a}}", "{a"],
  ])("of %s is %s, as in Redis Cluster", (key, tag) => {
    expect(hashTag(key)).toBe(tag);
  });
});
