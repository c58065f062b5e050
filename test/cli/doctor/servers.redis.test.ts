import { afterEach, expect, test } from "vitest";
import type { Diagnosis } from "../../../src/cli/doctor/diagnose.js";
import { Link } from "../../faults/proxy.js";
import { type RedisServer, startServer, waitUntil } from "../../support/servers.js";
import { sharedCluster, sharedSentinel, sharedServers } from "../../support/shared-servers.js";
import { diagnosis, findingsOf } from "./diagnosis.js";

const started: RedisServer[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

async function server(...args: string[]): Promise<RedisServer> {
  const one = await startServer({ args });
  started.push(one);
  return one;
}

const bad = (report: Diagnosis) => findingsOf(report).filter(({ severity }) => severity !== "ok");

test("five independent servers answer, and are on one machine", async () => {
  const report = await diagnosis(sharedServers().map(({ url }) => url));
  expect(report).toMatchObject({ verdict: "warning", quorum: true });
  const codes = new Set(bad(report).map(({ severity, code }) => `${severity} ${code}`));
  // Depends on what other tests use these servers for.
  for (const code of ["note memory-marker", "warning memory-marker", "warning sets"]) codes.delete(code);
  expect([...codes]).toEqual(["note persistence", "warning same-host"]);
});

test("a distant server is examined completely, even if that takes longer than the timeout", async () => {
  const { port } = await server();
  const link = await Link.to(port);
  try {
    link.delay(100);
    const silence = 2_000;
    const asked = performance.now();
    const report = await diagnosis([`redis://127.0.0.1:${link.port}`], "", silence);
    expect(performance.now() - asked).toBeGreaterThan(silence);
    expect(bad(report).map(({ code }) => code)).toEqual(["persistence", "count", "memory-marker"]);
  } finally {
    await link.close();
  }
});

test("one server that writes every change to disk first has nothing worse than notes", async () => {
  const { url } = await server(
    "--appendonly",
    "yes",
    "--appendfsync",
    "always",
    "--aof-load-truncated",
    "no",
  );
  const report = await diagnosis([url]);
  expect(bad(report).map(({ severity, code }) => `${severity} ${code}`)).toEqual([
    "note count",
    "note memory-marker",
  ]);
  expect(report).toMatchObject({ verdict: "note", quorum: true });
});

test("a server that lost its memory: how long it abstains, and how to end that", async () => {
  const one = await server();
  const marker = (until: number) => `= ${until} 1000 1000 id. 10000 -`;
  await one.call("SET", "holdfast:memory", marker(Date.now() + 7_200_000));
  const [found] = findingsOf(await diagnosis([one.url])).filter(({ code }) => code === "memory-marker");
  expect(found).toMatchObject({
    severity: "warning",
    found: expect.stringMatching(
      /does not vote: it is new, or lost its memory, .*; it votes again in (2 h|1 h 59 min)$/,
    ),
    advice: expect.stringContaining("holdfast admit"),
  });
  await one.call("SET", "holdfast:memory", marker(Date.now() - 60_000));
  const [over] = findingsOf(await diagnosis([one.url])).filter(({ code }) => code === "memory-marker");
  expect(over).toMatchObject({ severity: "ok" });
});

test("a server that restarted with the memory of an earlier run has no marker that counts", async () => {
  const one = await server();
  await one.call("SET", "holdfast:memory", "id.earlier 10000 -");
  expect(findingsOf(await diagnosis([one.url]))).toContainEqual(
    expect.objectContaining({ severity: "note", code: "memory-marker" }),
  );
});

test("it changes nothing on the server", async () => {
  const one = await server("--notify-keyspace-events", "KEA");
  await one.call("SET", "lock", "a~token", "PX", 60_000);
  await one.call("SET", "holdfast:memory", "id. 10000 -");
  await one.call("CONFIG", "RESETSTAT");
  const report = await diagnosis([one.url], "lock");
  expect(findingsOf(report)).toContainEqual(
    expect.objectContaining({ severity: "ok", code: "memory-marker" }),
  );
  expect((await one.call("KEYS", "*")) as string[]).toEqual(
    expect.arrayContaining(["lock", "holdfast:memory"]),
  );
  expect(await one.call("DBSIZE")).toBe(2);
  expect(await one.call("GET", "lock")).toBe("a~token");
  // No changes since the two that this test made.
  expect(String(await one.call("INFO", "persistence"))).toMatch(/^rdb_changes_since_last_save:2\r?$/m);
});

test("the same server under two addresses", async () => {
  const { port, url } = await server();
  const report = await diagnosis([url, `redis://localhost:${port}`]);
  expect(report.set).toContainEqual(
    expect.objectContaining({
      severity: "error",
      code: "duplicate",
      value: [url, `redis://localhost:${port}`],
    }),
  );
});

test("eviction that can drop locks", async () => {
  const one = await server();
  await one.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
  await one.call("CONFIG", "SET", "maxmemory", "100mb");
  expect(findingsOf(await diagnosis([one.url]))).toContainEqual(
    expect.objectContaining({
      severity: "error",
      code: "eviction",
      value: { policy: "allkeys-lru", maxmemory: 104_857_600 },
    }),
  );
});

test("a full server refuses writes, which the doctor sees as a lock would", async () => {
  const one = await server();
  await one.call("CONFIG", "SET", "maxmemory", "1");
  const report = await diagnosis([one.url]);
  expect(findingsOf(report)).toContainEqual(
    expect.objectContaining({ severity: "error", code: "writes", found: expect.stringContaining("OOM") }),
  );
  expect(findingsOf(report)).toContainEqual(expect.objectContaining({ severity: "error", code: "memory" }));
});

test("a replica is not a node, and its master is reported to have one", async () => {
  const master = await server("--repl-diskless-sync-delay", "0");
  const replica = await server("--replicaof", `127.0.0.1 ${master.port}`);
  await waitUntil("the replica follows", 20_000, async () =>
    String(await replica.call("INFO", "replication")).includes("master_link_status:up"),
  );
  const report = await diagnosis([master.url, replica.url]);
  expect(report.nodes[0]?.findings).toContainEqual(
    expect.objectContaining({
      severity: "note",
      code: "replication",
      found: expect.stringContaining("1 replica"),
    }),
  );
  expect(report.nodes[1]?.findings).toContainEqual(
    expect.objectContaining({
      severity: "error",
      code: "replication",
      found: `it is a replica of 127.0.0.1:${master.port}`,
    }),
  );
  expect(report.nodes[1]?.findings).toContainEqual(
    expect.objectContaining({
      severity: "error",
      code: "writes",
      found: expect.stringContaining("READONLY"),
    }),
  );
});

test("a master whose replicas are gone, where it must have one", async () => {
  const one = await server("--min-replicas-to-write", "1");
  expect(findingsOf(await diagnosis([one.url]))).toContainEqual(
    expect.objectContaining({
      severity: "error",
      code: "writes",
      found: expect.stringContaining("NOREPLICAS"),
    }),
  );
});

test("a server of a Cluster, and a Sentinel, are not nodes by their address", async () => {
  const [port] = sharedCluster().ports;
  const [sentinelPort] = sharedSentinel().sentinelPorts;
  const report = await diagnosis([`redis://127.0.0.1:${port}`, `redis://127.0.0.1:${sentinelPort}`]);
  expect(report.nodes[0]?.findings).toContainEqual(
    expect.objectContaining({ severity: "error", code: "mode", found: "it is one server of a Cluster" }),
  );
  expect(report.nodes[1]?.findings).toContainEqual(
    expect.objectContaining({ severity: "error", code: "mode", found: expect.stringContaining("Sentinel") }),
  );
});

test("a database that the server lacks, and databases that differ", async () => {
  const { url } = await server();
  const report = await diagnosis([url, `${url}/1`, `${url}/99`]);
  expect(report.nodes.map(({ reached }) => reached)).toEqual([true, true, false]);
  expect(report.nodes[2]?.findings).toMatchObject([{ code: "unreachable", value: { why: "database" } }]);
  expect(report.set).toContainEqual(
    expect.objectContaining({ severity: "error", code: "databases", value: [0, 1, 99] }),
  );
});

test("a server that is stopped, or kept busy by a script, is given up in time", async () => {
  const stopped = await server();
  const busy = await server("--busy-reply-threshold", "50");
  await stopped.suspend();
  const script = busy.call("EVAL", "while true do end", 0).catch(() => "ended");
  await waitUntil("the server is busy", 10_000, async () => {
    const reply = await busy.call("PING").catch((error: Error) => error.message);
    return /^BUSY/.test(String(reply));
  });
  const report = await diagnosis([stopped.url, busy.url], "", 1_000);
  expect(report.nodes).toMatchObject([
    { reached: false, findings: [{ code: "unreachable", value: { why: "silent" } }] },
    { reached: false, findings: [{ code: "unreachable", value: { why: "busy" } }] },
  ]);
  expect(report.quorum).toBe(false);
  await busy.call("SCRIPT", "KILL");
  expect(await script).toBe("ended");
});

test("TLS to a server without it", async () => {
  const { port } = await server();
  const report = await diagnosis([`rediss://127.0.0.1:${port}`], "", 1_000);
  expect(report.nodes).toMatchObject([{ findings: [{ code: "unreachable", value: { why: "noTls" } }] }]);
});

test.each(["EVAL", "INFO"])(
  "of a server that has renamed %s away, no finding advises an ACL rule",
  async (command) => {
    const { url } = await server("--rename-command", command, "");
    const about = bad(await diagnosis([url])).filter(({ found, advice }) =>
      `${found} ${advice}`.includes(command),
    );
    expect(about.map(({ code }) => code)).toContain(command === "EVAL" ? "rights-lock" : "rights-identity");
    for (const { advice } of about) {
      expect(advice).toContain(`take the rename-command of ${command} out of its configuration`);
      expect(advice).not.toMatch(/SETUSER|allow the user/);
    }
  },
);
