import { afterEach, expect, test } from "vitest";
import { callRedis } from "../support/servers.js";
import { sharedServers } from "../support/shared-servers.js";
import { endAll, holdfast, startHoldfast } from "./support/holdfast.js";

const resource = `cli-inspect-${process.pid}`;
const nodes = () => sharedServers().flatMap(({ url }) => ["--node", url]);

afterEach(endAll);

test("a free lock is free on every node", async () => {
  const { code, stdout } = await holdfast(["inspect", `${resource}-free`, ...nodes()]);
  expect(stdout.split("\n")[0]).toMatch(/free$/);
  expect(stdout.match(/^ {2}\S.* free$/gm)).toHaveLength(5);
  expect(code).toBe(0);
});

test("too few nodes that answer to tell yield 69, with what they say", async () => {
  const silent = ["--node", "redis://127.0.0.1:1", "--node", "redis://127.0.0.1:2"];
  const { code, stdout, stderr } = await holdfast([
    "inspect",
    `${resource}-free`,
    ...nodes().slice(0, 2),
    ...silent,
  ]);
  expect(stdout).toMatch(/ unknown: too few nodes answered\n(.*\n)* {2}\S.* free$/m);
  expect(stderr).toMatch(/^holdfast: too few nodes could tell who holds it; [^\n]*\n$/);
  expect(code).toBe(69);
});

test("a key that is no lock is shown as that", async () => {
  const key = `${resource}-list`;
  for (const { port } of sharedServers()) await callRedis(port, ["RPUSH", key, "a"]);
  const { stdout } = await holdfast(["inspect", key, ...nodes()]);
  expect(stdout.match(/held {4}a key of type list, which is not a lock {2}no expiry$/gm)).toHaveLength(5);
  expect(stdout).not.toContain("token");
});

test("a held lock shows its holder and the remaining time node by node, and an unreachable node the reason", async () => {
  const args = ["run", "--resource", resource, "--owner", "day-shift", "--json", ...nodes()];
  const running = await startHoldfast([...args, "--", "sleep", "30"]);
  await running.logs("started");
  const all = [...nodes(), "--node", "redis://127.0.0.1:1"];
  const text = await holdfast(["inspect", resource, ...all]);
  expect(text.stdout).toMatch(/ held by day-shift for up to \d/);
  expect(text.stdout.match(/held {4}day-shift {2}[\d.]+ s left/g)?.length).toBeGreaterThanOrEqual(3);
  expect(text.stdout).toMatch(/127\.0\.0\.1:1 +failed {2}\S/);
  expect(text).toMatchObject({ code: 0, stderr: "" });
  const json = await holdfast(["inspect", resource, "--json", ...all]);
  const inspection = JSON.parse(json.stdout);
  expect(inspection).toMatchObject({ resource, held: true, holder: { owner: "day-shift" } });
  expect(inspection.nodes).toHaveLength(6);
  expect(json.code).toBe(0);
  running.kill("SIGTERM");
  await running.ended;
});
