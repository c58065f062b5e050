import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { endAll, holdfast, startHoldfast } from "./support/holdfast.js";
import { inProcess } from "./support/in-process.js";

const timeout = 30_000;
const node = "redis://127.0.0.1:1";

// Independent processes that start one after the other.
afterAll(endAll);

test.each([["run"], ["inspect"], ["watch"], ["ui"], ["chart"], ["doctor"], ["admit"], ["demo"]])(
  "%s --help shows an example, and so does help",
  async (command) => {
    const { code, stdout, stderr } = await inProcess([command, "--help"]);
    expect(await inProcess(["help", command])).toMatchObject({ code, stdout, stderr });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`Examples?:\\n {2}holdfast ${command}`));
  },
  timeout,
);

test.concurrent(
  "--version prints the package's version",
  async () => {
    expect(await holdfast(["--version"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
  },
  timeout,
);

test.each([
  [[], /name a command/],
  [["frobnicate"], /unknown command 'frobnicate'/],
  [["help", "frobnicate"], /unknown command 'frobnicate'/],
  [["inspect"], /missing required argument 'name'/],
  [["inspect", "a", "b", "--node", node], /too many arguments/],
  [["inspect", ""], /non-empty/],
  [["inspect", "a"], /no nodes to ask/],
  [["run", "--node", node, "--", "true"], /--resource NAME/],
  [["run", "--elect", "", "--node", node, "--", "true"], /--elect needs the name/],
  [["run", "--elect", "a", "--resource", "b", "--node", node, "--", "true"], /--resource is not for --elect/],
  [["run", "--elect", "a", "--no-wait", "--node", node, "--", "true"], /--wait is not for --elect/],
  [
    ["run", "--elect", "a", "--max-hold", "1h", "--node", node, "--", "true"],
    /--max-hold is not for --elect/,
  ],
  [["run", "--elect", "a", "--at-least", "1h", "--node", node, "--", "true"], /--at-least is not for/],
  [["run", "--resource", "a", "--restart", "--node", node, "--", "true"], /--restart is for a leader/],
  [["run", "--resource", "a", "--node", node], /missing required argument 'command': put it after --/],
  [["run", "--node", node, "--resource", "a", "true"], /put it after --, as in --resource NAME -- COMMAND/],
  [["run", "--resource", "", "--", "true"], /non-empty/],
  [["run", "--resource", "a", "--", "true"], /no nodes to ask/],
  [["run", "--resource", "a", "--tll", "3s", "--", "true"], /unknown option '--tll'/],
  [["run", "--resource", "a", "--nodes=redis://u:hidden@h", "--", "true"], /unknown option '--nodes'/],
  [["run", "--resource", "a", "--ttl", "soon", "--", "true"], /--ttl .*must be a duration/],
  [["run", "--resource", "a", "--ttl", "0", "--", "true"], /longer than nothing/],
  [
    ["run", "--resource", "a", "--ttl", "5s", "--node", node, "--", "true"],
    /--ttl 5s leaves no room.*use --ttl \d+m?s/,
  ],
  [
    ["run", "--resource", "a", "--quarantine", "no", "--", "true"],
    /--quarantine .*"auto", "off", or a duration/,
  ],
  [["run", "--resource", "a", "--quarantine", "-1", "--", "true"], /--quarantine/],
  [["run", "--resource", "a", "--max-hold", "1s", "--node", node, "--", "true"], /--max-hold/],
  [["run", "--resource", "a", "--conflict-exit-code", "256", "--", "true"], /0 to 255/],
  [["run", "--resource", "a", "--node", node, node, "--", "true"], /repeat --node/],
  [
    ["run", "--resource", "a", "--node", node, "--node", node, "--", "true"],
    /the nodes: "redis:.*" is named twice; name each node once$/m,
  ],
  [["doctor", "--group", `one=${node},${node}`], /--group, group one: .* is named twice/],
  [
    ["run", "--resource", "a", "--node", node, "--wait", "5s", "--no-wait", "--", "true"],
    /--wait and --no-wait exclude each other/,
  ],
  [
    ["run", "--resource", "a", "--node", node, "--no-wait", "--wait", "5s", "--", "true"],
    /--wait and --no-wait exclude each other/,
  ],
  [["run", "--resource", "a", "--node", node, "--other-sets", "no", "--", "true"], /warn, refuse, allow/],
  [
    ["run", "--resource", "a", "--node", node, "--at-least", "99999999d", "--", "true"],
    /--at-least .*too long/,
  ],
  [
    ["run", "--resource", "a", "--node", node, "--previous-node", node, "--", "true"],
    /--previous-node has the same nodes as the nodes after the change/,
  ],
  [["doctor", "--node", node, "--previous-node", ""], /--previous-node: .*is not an address/],
  [
    ["inspect", "a", "--node", node, "--previous-node", "redis://a", "--previous-node", "redis://a"],
    /named twice/,
  ],
  [["doctor", "--node", node, "--wait", "300"], /--wait.*It must be 1s or longer\. A plain integer is ms/],
  [["watch", "--node", node, "--previous-node", node], /--previous-node has the same nodes/],
  [["ui", "--node", node, "--previous-node", node], /--previous-node has the same nodes/],
  [["run", "--resource", "a", "a", "--node", node, "--", "true"], /only once/],
  [["run", "--resource", "a", "--owner", "x~y", "--node", node, "--", "true"], /owner/],
  [["run", "--resource", "a", "--config", "/nowhere.json", "--", "true"], /no such file/],
  [["chart", "door"], /'door'.* lock, node, manager, election/],
  [["chart", "lock", "node"], /too many arguments/],
  [["chart", "--format", "gif"], /'gif'.* svg, mermaid, json, png/],
  [["chart", "--theme", "pink"], /'pink'.* light, dark, auto/],
  [["chart", "--state", "ready"], /no state "ready"; it has idle, acquiring, acquiring\.queued, .*expired/],
  [
    ["chart", "node", "--state", ""],
    /no state ""; it has connecting, ready, suspect, unresponsive, down, quarantined /,
  ],
  [["chart", "--format", "json", "--state", "held"], /--state is for svg and png/],
  [["chart", "--format", "mermaid", "--theme", "dark"], /--theme is for svg and png/],
  [["chart", "--output", ""], /--output needs the name of a file/],
  [["watch"], /no nodes to ask/],
  [["watch", "", "--node", node], /non-empty/],
  [["watch", "--record", "", "--node", node], /--record needs/],
  [["watch", "--for", "soon", "--node", node], /--for .*must be a duration/],
  [["doctor"], /no nodes to ask/],
  [["doctor", "--node", `${node}/one`], /address: .*\/database/],
  [["doctor", "--node", node, "--timeout", "0"], /longer than nothing/],
  [["doctor", "--node", node, "--wait", "soon"], /--wait .*must be a duration/],
  [["doctor", "--node", node, "--wait", "0"], /--wait .*longer than nothing/],
  [["doctor", "--node", node, "--wait"], /--wait .*argument missing/],
  [["admit"], /name the node to admit/],
  [["admit", "--node", node, "--node", node], /one node at a time/],
  [["admit", "--node", "127.0.0.1"], /--node: .*must start with redis/],
  [["admit", "--node", node, "--other", node, "--yes"], /--other: redis:.* is the node to admit/],
  [["admit", "--node", node, "--other", "b"], /--other: "b" is not an address/],
  [["demo", "--for", "1s"], /too short/],
])(
  "%j is refused with one line and 64",
  async (args, why) => {
    const { code, stdout, stderr } = await inProcess(args);
    expect(stderr).toMatch(/^holdfast: [^\n]+\n$/);
    expect(stderr).toMatch(why);
    expect(stderr).not.toContain("hidden");
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
  },
  timeout,
);

test.concurrent(
  "a configuration file in the working folder is read, and its errors are named",
  async () => {
    const cwd = await mkdtemp(join(tmpdir(), "holdfast-cwd-"));
    await writeFile(join(cwd, "holdfast.config.json"), '{"nodez": []}');
    const { code, stderr } = await holdfast(["inspect", "a"], { cwd });
    await rm(cwd, { recursive: true });
    expect(stderr).toMatch(/holdfast\.config\.json: unknown key "nodez"/);
    expect(code).toBe(64);
  },
  timeout,
);

test.concurrent(
  "a reader that goes away does not crash the command",
  async () => {
    const running = await startHoldfast(["demo"]);
    running.child.stdout?.destroy();
    const { code, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  },
  timeout,
);

test.concurrent(
  "unreachable nodes are shown with their reason, and if none is reachable the exit code is 69",
  async () => {
    const password = "never-shown";
    const nodes = ["--node", `redis://:${password}@127.0.0.1:1`, "--node", "redis://127.0.0.1:2"];
    const { code, stdout, stderr } = await holdfast(["inspect", "a", ...nodes]);
    expect(stdout).toMatch(/127\.0\.0\.1:1 +failed {2}\S/);
    expect(stderr).toBe(
      "holdfast: no node could tell who holds it; holdfast doctor says what is wrong with them\n",
    );
    expect(stdout + stderr).not.toContain(password);
    expect(code).toBe(69);
  },
  timeout,
);

test.concurrent(
  "a lock without a quorum of nodes yields 69, with a line that says how each node failed",
  async () => {
    const args = ["run", "--resource", "a", "--node", "redis://:never-shown@127.0.0.1:1", "--wait", "2s"];
    const { code, stderr } = await holdfast([...args, "--", "true"]);
    expect(stderr).toMatch(/^holdfast: no quorum of nodes: [^\n]*127\.0\.0\.1:1[^\n]*\n$/);
    expect(stderr).not.toContain("never-shown");
    expect(code).toBe(69);
  },
  timeout,
);
