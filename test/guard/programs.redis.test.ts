import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { runNode } from "../examples/program.js";
import { clients, fiveServers, keysOn } from "../locks/support.js";
import { blocks, programOf, promised } from "./page.js";

const server = fiveServers()[0];
const programs = blocks("js").filter((text) => text !== programOf("pg"));

describe("the page about fences", () => {
  it("has programs, each of which promises its output", () => {
    expect(programs).toHaveLength(4);
    for (const program of programs)
      expect(promised(program).length).toBe(program.match(/console\.log/g)?.length);
  });

  it.each(
    programs.map((program) => [
      /^import .* from "(?!holdfast)([^"]+)"/m.exec(program)?.[1] ?? "holdfast",
      program,
    ]),
  )("its program for %s prints what it says, ends, and leaves no key", async (_, program) => {
    const mine = randomUUID().slice(0, 8);
    const text = program.replaceAll("redis://10.0.0.1", server.url).replaceAll("report:42", `${mine}:42`);
    const { code, stdout, stderr } = await runNode(["--input-type=module"], {}, text);
    expect(stderr).toBe("");
    expect(stdout.trim().split("\n")).toEqual(promised(program));
    expect(code).toBe(0);
    expect(await keysOn([server], `*${mine}`)).toEqual([[]]);
  });

  it("has a script as a template", async () => {
    const [script = "", ...others] = blocks("lua");
    expect(others).toEqual([]);
    const redis = clients.ioredis(server.port);
    const key = `guard-${randomUUID().slice(0, 8)}`;
    const newest = String(Number.MAX_SAFE_INTEGER);
    const run = (...args: string[]) => redis.eval(script, 2, key, `{${key}}:fence`, ...args);
    expect(await run(newest, "10", "one")).toEqual([1, 1]);
    expect(await run(newest, "20", "two")).toEqual([1, 2]);
    expect(await run(String(Number.MAX_SAFE_INTEGER - 1), "0", "late")).toEqual([0, newest]);
    expect(await redis.hgetall(key)).toEqual({ total: "20", by: "two", changes: "2" });
    expect(await redis.get(`{${key}}:fence`)).toBe(newest);
  });
});
