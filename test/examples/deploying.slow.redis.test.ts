import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { ownServers } from "../locks/support.js";
import { runNode } from "./program.js";

const page = readFileSync("docs/deploying.md", "utf8");

/** The blocks of one language in a section of the page. */
function blocks(title: string, language: string): string[] {
  const section = page.split(/^##+ /m).find((one) => one.startsWith(`${title}\n`)) ?? "";
  return [...section.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(
    ([, text = ""]) => text,
  );
}

/** ms that `close` takes at most when it is called for a signal. */
const maxClose = 6_000;

describe("docs/deploying.md", () => {
  it("has a Deployment that leaves time to close, and starts Node.js without a shell", () => {
    const { spec } = parse(blocks("Kubernetes", "yaml")[0] ?? "");
    expect(spec.selector.matchLabels).toEqual(spec.template.metadata.labels);
    expect(spec.template.spec.terminationGracePeriodSeconds * 1_000).toBeGreaterThan(maxClose);
    expect(spec.template.spec.containers[0].command).toEqual(["node", "worker.mjs"]);
  });

  /** Whether this machine can check units of systemd. */
  const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
  it.each(hasSystemd ? ["systemd-analyze"] : [])("has a unit in which %s finds no fault", (command) => {
    const folder = mkdtempSync(join(tmpdir(), "unit-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const unit = join(folder, "payouts.service");
    writeFileSync(unit, blocks("systemd", "ini")[0] ?? "");
    const { status, stdout, stderr } = spawnSync(command, ["verify", unit], { encoding: "utf8" });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  it("has a configuration of PM2 that leaves time to close", () => {
    const module: { exports: { apps?: { kill_timeout: number }[] } } = { exports: {} };
    new Function("module", blocks("PM2", "js")[0] ?? "")(module);
    expect(module.exports.apps?.[0]?.kill_timeout).toBeGreaterThan(maxClose);
  });

  it("has programs that can be read", async () => {
    const programs = blocks("The end of a process", "js");
    expect(programs).toHaveLength(3);
    for (const program of programs) {
      expect(await runNode(["--check", "--input-type=module", "-"], {}, program)).toMatchObject({ code: 0 });
    }
  });

  it.each(["AWS Lambda", "A manager for each invocation"])("has a function that works: %s", async (title) => {
    const NODES = (await ownServers(3)).map(({ port }) => `redis://127.0.0.1:${port}`).join(",");
    const imports = 'import { createLocks } from "holdfast";\n';
    const [text = ""] = blocks(title, "js");
    const program = `${text.includes(imports) ? "" : imports}${text}
      async function payOut({ account }) { return account; }
      for (const account of [1, 2]) console.log(await handler({ account }));
      if (${title === "AWS Lambda"}) await locks.close();`;
    const ended = await runNode(["--input-type=module"], { NODES }, program);
    expect(ended).toMatchObject({ code: 0, stderr: "", stdout: "1\n2\n" });
  });
});
