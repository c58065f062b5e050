import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { type RedisServer, startServer } from "../../support/servers.js";
import { sharedServers } from "../../support/shared-servers.js";
import { endAll, holdfast } from "../support/holdfast.js";

const password = 'top "secret", 1/2';
/** With this node timeout no busy machine counts as slow. */
const patient = fileURLToPath(new URL("fixtures/patient.json", import.meta.url));
const [nowhere, nobody] = ["redis://127.0.0.1:1", "redis://127.0.0.1:2"];
const started: RedisServer[] = [];

afterEach(async () => {
  await endAll();
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

async function server(...options: Parameters<typeof startServer>): Promise<RedisServer> {
  const one = await startServer(...options);
  started.push(one);
  return one;
}

const doctor = (nodes: readonly string[], ...args: string[]) =>
  holdfast(["doctor", ...nodes.flatMap((node) => ["--node", node]), ...args]);

test("it exits with 0 if nothing is worse than a note, and writes nothing to stderr", async () => {
  const { url } = await server({
    args: ["--appendonly", "yes", "--appendfsync", "always", "--aof-load-truncated", "no"],
  });
  const { code, stdout, stderr } = await doctor([url], "--config", patient);
  expect(stdout).toMatch(/\n2 notes\n$/);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

test("it exits with 1 for warnings, 2 for errors, and 69 without a quorum", async () => {
  const [one = "", two = "", three = ""] = sharedServers().map(({ url }) => url);
  expect((await doctor([one, two, three])).code).toBe(1);
  expect((await doctor([one, two, nowhere])).code).toBe(2);
  expect((await doctor([one, nowhere, nobody])).code).toBe(69);
});

test("--json prints one document, which includes the exit code", async () => {
  const [one = "", two = "", three = ""] = sharedServers().map(({ url }) => url);
  const { code, stdout, stderr } = await doctor([one, two, three, nowhere], "--json");
  const report = JSON.parse(stdout);
  expect(Object.keys(report)).toEqual(["version", "exitCode", "verdict", "quorum", "nodes", "set"]);
  expect(report).toMatchObject({ version: 1, exitCode: 2, verdict: "error", quorum: true });
  expect(
    report.nodes.map(({ node, reached }: { node: string; reached: boolean }) => [node, reached]),
  ).toEqual([one, two, three, nowhere].map((node) => [node, node !== nowhere]));
  for (const finding of [
    ...report.set,
    ...report.nodes.flatMap(({ findings }: { findings: [] }) => findings),
  ]) {
    expect(Object.keys(finding)).toEqual(["severity", "code", "found", "value", "means", "advice"]);
  }
  expect({ code, stderr }).toEqual({ code: 2, stderr: "" });
});

test.each([["text"], ["json"]])("no password is in any output (%s)", async (form) => {
  const { url } = await server({ password });
  const addresses = [
    url,
    url.replace("secret", "secretish"),
    url.replace("127.0.0.1", "nowhere.invalid"),
    url.replace("redis:", "rediss:"),
  ];
  const { code, stdout, stderr } = await doctor(
    addresses,
    ...["--timeout", "1s", ...(form === "json" ? ["--json"] : [])],
  );
  expect({ code, stderr }).toEqual({ code: 69, stderr: "" });
  for (const secret of ["secret", encodeURIComponent(password)]) expect(stdout).not.toContain(secret);
});
