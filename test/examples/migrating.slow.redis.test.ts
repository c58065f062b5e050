import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { withoutOtherSets } from "../support/other-sets.js";
import { callRedis, waitUntil } from "../support/servers.js";
import { sharedServers } from "../support/shared-servers.js";
import { runNode } from "./program.js";

const servers = sharedServers().slice(0, 3);

interface Program {
  readonly title: string;
  readonly text: string;
}

/** The programs on a page, in order: for each use, one before and one after the migration. */
function programsOn(page: string): Program[] {
  const text = readFileSync(`docs/migrating/${page}`, "utf8");
  const sections = text.split(/^### /m).slice(1);
  return sections.flatMap((section) => {
    const title = section.slice(0, section.indexOf("\n"));
    return [...section.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, program = ""]) => ({
      title,
      text: program,
    }));
  });
}

const ours = ({ text }: Program) => text.includes('from "holdfast"');

/** Runs a program with the servers of this test run and unique keys. */
async function run(program: Program) {
  const mine = randomUUID().slice(0, 8);
  const text = program.text
    .replace(/redis:\/\/10\.0\.0\.(\d)/g, (_, number) => servers[Number(number) - 1]!.url)
    .replace(/"(reports|account):/g, `"$1:${mine}:`);
  const ended = await runNode(["--input-type=module"], {}, text);
  await waitUntil(`${program.title} has left no key`, 1_000, async () => {
    const found = await Promise.all(servers.map(({ port }) => callRedis(port, ["KEYS", `*:${mine}:*`])));
    return found.flat().length === 0;
  });
  return { ...ended, stderr: withoutOtherSets(ended.stderr) };
}

describe.each([
  { page: "from-redis-semaphore.md", uses: 5 },
  { page: "from-redlock-universal.md", uses: 3 },
])("the programs of $page", ({ page, uses }) => {
  const programs = programsOn(page);
  const after = programs.filter(ours);

  it("come in pairs", () => {
    const before = programs.filter((program) => !ours(program));
    expect(after.map(({ title }) => title)).toEqual(before.map(({ title }) => title));
    expect(after).toHaveLength(uses);
  });

  it.each(after)("$title: runs, ends, and leaves no key", async (program) => {
    expect(await run(program)).toMatchObject({ code: 0, stderr: "" });
  });
});

// The programs for redlock-universal are not compared: the package requires a later version of Node.js.
describe("the programs for redis-semaphore", () => {
  const programs = programsOn("from-redis-semaphore.md");

  it.each(programs.filter(ours))("$title: prints what it printed before", async (after) => {
    const before = programs.find((program) => program.title === after.title && !ours(program))!;
    const [then, now] = await Promise.all([run(before), run(after)]);
    expect(then).toMatchObject({ code: 0, stderr: "" });
    expect(now.stdout).toBe(then.stdout);
  });
});
