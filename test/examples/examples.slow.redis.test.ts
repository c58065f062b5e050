import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { withoutOtherSets } from "../support/other-sets.js";
import { callRedis, waitUntil } from "../support/servers.js";
import { sharedServers } from "../support/shared-servers.js";
import { runNode } from "./program.js";

const readme = readFileSync("examples/README.md", "utf8");
const programs = readdirSync("examples")
  .filter((name) => /\.[cm]?[jt]s$/.test(name))
  .sort();

/** The output of each program and its number of servers, according to the README. */
const outputs = new Map(
  [...readme.matchAll(/^## (\S+)\n\n```text\n([\s\S]*?)\n```$/gm)].map(([, name, output]) => [
    name!,
    output!,
  ]),
);
const serverCounts = new Map(
  [...readme.matchAll(/^\| \[(\S+)\]\(\1\) \| (\d) \|/gm)].map(([, name, count]) => [name!, Number(count)]),
);

describe("the examples", () => {
  it("are all in the README with their output", () => {
    expect([...outputs.keys()].sort()).toEqual(programs);
    expect([...serverCounts.keys()].sort()).toEqual(programs);
  });

  it.each(programs)("%s prints what the README says, and ends", async (name) => {
    const servers = sharedServers().slice(0, serverCounts.get(name));
    const resource = `locks:example:${randomUUID().slice(0, 8)}`;
    const { code, stdout, stderr } = await runNode([`examples/${name}`], {
      REDIS_URLS: servers.map(({ url }) => url).join(" "),
      RESOURCE: resource,
    });
    const printed = stdout.replaceAll(resource, "locks:example").trimEnd().split("\n");
    const expected = outputs.get(name)?.split("\n") ?? [];
    expect(printed.map((line, index) => (matches(line, expected[index]) ? expected[index] : line))).toEqual(
      expected,
    );
    expect(withoutOtherSets(stderr)).toBe("");
    expect(code).toBe(0);
    await waitUntil("it has left no key", 1_000, async () => {
      const found = await Promise.all(servers.map(({ port }) => callRedis(port, ["KEYS", `${resource}*`])));
      return found.flat().length === 0;
    });
  });
});

/** Whether a line matches; each `…` matches any text. */
function matches(line: string, expected = ""): boolean {
  const parts = expected.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".+")}$`).test(line);
}
