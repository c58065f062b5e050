import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { waitUntil } from "../support/wait-until.js";
import { endAll, holdfast, startHoldfast } from "./support/holdfast.js";

// Starting Node.js takes long on a busy machine, and so does building the command before.
vi.setConfig({ testTimeout: 30_000 });

afterEach(endAll);

const oneLine = /^holdfast: [^\n]+\n$/;

describe("one line, and the right exit code, for", () => {
  test("no reachable node", async () => {
    const began = performance.now();
    const args = ["ui", "--node", "redis://me:top-secret@127.0.0.1:1", "--node-timeout", "1s", "--port", "0"];
    const { code, stdout, stderr } = await holdfast(args);
    expect({ code, stdout }).toEqual({ code: 69, stdout: "" });
    expect(stderr).toMatch(oneLine);
    expect(stderr).toMatch(/no node could be reached: .*127\.0\.0\.1:1 .*holdfast doctor/);
    expect(stderr).not.toContain("secret");
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test.each([
    [
      "is no Redis",
      "HTTP/1.1 400 Bad Request\r\n\r\n",
      /connecting: it does not speak Redis's protocol; holdfast doctor/,
    ],
    ["takes connections and says nothing", "", /connecting: no answer yet; holdfast doctor/],
  ])("a node that %s", async (_, answer, said) => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on("error", () => undefined));
      socket.write(answer);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo; // It listens on a port.
    for (const command of [["ui", "--port", "0"], ["watch"]]) {
      const args = [...command, "--node", `redis://127.0.0.1:${port}`, "--node-timeout", "1s"];
      const { code, stdout, stderr } = await holdfast(args);
      expect({ code, stdout }).toEqual({ code: 69, stdout: "" });
      expect(stderr).toMatch(oneLine);
      expect(stderr).toMatch(said);
    }
    const run = ["run", "--resource", "a", "--no-wait", "--connect-timeout", "500ms"];
    const inspect = ["inspect", "a", "--node-timeout", "500ms"];
    for (const [command, after] of [
      [run, ["--", "true"]],
      [inspect, []],
    ] as const) {
      const { code, stdout, stderr } = await holdfast([
        ...command,
        "--node",
        `redis://127.0.0.1:${port}`,
        ...after,
      ]);
      expect(code).toBe(69);
      // It does not wait for the default of 5 s.
      expect(stdout + stderr).toMatch(/not connected after (?!5 s)|does not speak Redis's protocol/);
    }
    for (const socket of sockets) socket.destroy();
    server.close();
  });
});

test.each([
  ["a candidate", ["--elect", "a"]],
  ["a run that waits without end", ["--resource", "a", "--wait", "forever"]],
])("%s says in one line of its log which nodes it cannot reach, and why", async (_, what) => {
  const nodes = ["--node", "redis://me:top-secret@127.0.0.1:1", "--node", "redis://127.0.0.1:2"];
  const waiting = await startHoldfast(["run", ...what, ...nodes, "--", "true"]);
  await waitUntil("it says why it waits", 20_000, () => waiting.stderr.includes("\n"));
  waiting.kill("SIGTERM");
  const { code, stdout, stderr } = await waiting.ended;
  expect({ code, stdout }).toEqual({ code: 143, stdout: "" });
  expect(stderr).toMatch(oneLine);
  expect(stderr).toMatch(
    /^holdfast: waiting for "?a"? for \d.* no quorum of nodes \(redis:\S*:1: .*ECONNREFUSED.*; redis:\S*:2: .*ECONNREFUSED/,
  );
  expect(stderr).not.toContain("secret");
});
