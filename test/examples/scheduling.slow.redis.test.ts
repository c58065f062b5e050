import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sharedServers } from "../support/shared-servers.js";
import { programOf, writeProgram } from "./page-program.js";
import { type Ended, runNode } from "./program.js";

const servers = sharedServers().slice(0, 3);
const page = readFileSync("docs/scheduling.md", "utf8");

/** Makes the clock of a process differ by this many ms from that of the machine. */
const clockAhead = (ms: number): string => {
  const code = `const Real = Date;
    globalThis.Date = class Date extends Real {
      constructor(...args) { if (args.length === 0) super(Real.now() + ${ms}); else super(...args); }
      static now() { return Real.now() + ${ms}; }
    };`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
};

/** The programs of one test: one after the other or side by side, on the same servers, with resources of their own. */
class Machines {
  readonly #own = randomUUID().slice(0, 8);

  /** Runs the program of a section, followed by `more`. */
  async run(title: string, more: string, { ahead = 0, pattern = "0 3 * * *" } = {}): Promise<Ended> {
    const program = programOf(page, title)
      .replace(/redis:\/\/10\.0\.0\.(\d)/g, (_, number) => servers[Number(number) - 1]?.url ?? "")
      .replace(/(["`])(reports|nightly-report)\b/g, `$1$2-${this.#own}`)
      .replace("0 3 * * *", pattern);
    expect(program).toContain("holdAtLeast");
    const file = await writeProgram(`${program}\n${more}`);
    return runNode(["--no-warnings", "--import", clockAhead(ahead), file]);
  }
}

const bothRuns = async (title: string, more: string): Promise<string[]> => {
  const machines = new Machines();
  const outputs: string[] = [];
  // The second machine starts the job when the first one has done it, and its process has ended.
  for (let machine = 0; machine < 2; machine++) {
    const ended = await machines.run(title, more);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    outputs.push(ended.stdout.trim());
  }
  return outputs;
};

describe("the programs of docs/scheduling.md", () => {
  it("node-cron: runs each scheduled time once on machines whose clocks differ by 2 s", async () => {
    const machines = new Machines();
    const end = "setTimeout(() => process.exit(), 7_000);";
    const skipped = `cron.getTasks().values().next().value.on("execution:skipped", (event) => {
      console.log("skipped " + event.date.toISOString());
    });`;
    const ended = await Promise.all(
      [0, 2_000].map((ahead) => machines.run("node-cron", skipped + end, { ahead, pattern: "* * * * * *" })),
    );
    for (const { code, stderr } of ended) expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = ended.flatMap(({ stdout }) => stdout.trim().split("\n"));
    const timesOf = (what: string) =>
      lines.flatMap((line) => (line.startsWith(`${what} `) ? [line.slice(what.length + 1)] : []));
    const ran = timesOf("report of");
    expect(new Set(ran).size).toBe(ran.length);
    // Both machines reached some of the times, and one of them had done the job long before.
    expect(timesOf("skipped").filter((time) => ran.includes(time)).length).toBeGreaterThan(0);
  });

  it("croner: a machine whose clock is late finds the lock kept", async () => {
    const more = "await job.trigger(); job.stop(); await locks.close();";
    const [first, second] = await bothRuns("croner", more);
    expect(first).toBe("report written");
    expect(second).toBe("another machine writes the report, or has written it");
  });

  it("BullMQ: the same work in two jobs is done once", async () => {
    const more = `await queue.add("report", { day: "2026-01-31" });
      let left = 2;
      worker.on("completed", async () => {
        if (--left > 0) return;
        await worker.close();
        await queue.obliterate({ force: true });
        await queue.close();
        await locks.close();
        await connection.quit();
      });`;
    const ended = await new Machines().run("BullMQ", more);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(ended.stdout).toBe("2026-01-31: written\n2026-01-31: skipped\n");
  });

  it("NestJS: an instance whose clock is late finds the lock kept", async () => {
    const more = `const { SchedulerRegistry } = await import("@nestjs/schedule");
      if (app.get(SchedulerRegistry).getCronJobs().size !== 1) throw new Error("nothing is scheduled");
      await app.get(Reports).write();
      await app.close();`;
    const [first, second] = await bothRuns("NestJS", more);
    expect(first).toBe("report written");
    expect(second).toBe("another instance writes the report, or has written it");
  });
});
