import { afterEach, expect, test, vi } from "vitest";
import { beat, locksOf, lockView, stepOf } from "../frames-made-up.js";
import { get } from "./asking.js";
import { Reader } from "./reader.js";
import { closeAll, serve } from "./served.js";

// What it waits for comes within a second, unless the machine is busy.
vi.setConfig({ testTimeout: 20_000 });

afterEach(closeAll);

test("a reader hears who speaks, how things are, and then what happens", async () => {
  const { hub, port } = await serve();
  hub.receive(beat());
  hub.receive(locksOf(lockView("one")));
  const reader = await Reader.open(port);
  await reader.hears("how things are", ({ kind }) => kind === "locks");
  expect(reader.events[0]).toMatchObject({ name: "hello", data: { mode: "live", title: "Locks" } });
  expect(reader.events[1]?.data).toMatchObject([{ kind: "beat" }, { kind: "locks" }]);
  hub.receive(stepOf(lockView("one", { state: "renewing.asking" }), "RENEW", "held"));
  hub.receive(beat());
  await reader.hears("a step", ({ kind }) => kind === "steps");
  // Both in one event: they came in the same tenth of a second.
  expect(reader.events.at(-1)?.data).toMatchObject([{ kind: "steps" }, { kind: "beat" }]);
});

test("a reader of nothing is told that there is nothing", async () => {
  const { port } = await serve();
  const reader = await Reader.open(port);
  await expect.poll(() => reader.events.at(1)).toEqual({ name: "frames", data: [] });
});

test("a lock's steps are told to whoever asks later", async () => {
  const { hub, port } = await serve();
  hub.receive(beat());
  hub.receive(stepOf(lockView("one"), "GRANTED", "acquiring.asking"));
  const { status, headers, text } = await get(port, "/history?lock=one");
  expect({ status, type: headers["content-type"] }).toEqual({ status: 200, type: "application/json" });
  expect(JSON.parse(text)).toMatchObject([{ event: "GRANTED", to: "held" }]);
  expect((await get(port, "/history?lock=another")).text).toBe("[]");
  for (const path of ["/history", "/history?lock=", `/history?lock=${"x".repeat(201)}`]) {
    expect((await get(port, path)).status).toBe(400);
  }
});

test("a recording is given frame by frame, and where there is none it says so", async () => {
  const recording = [beat(), locksOf(lockView("one"))];
  const { port } = await serve({ recording });
  const reader = await Reader.open(port);
  await expect.poll(() => reader.events.at(0)?.data).toMatchObject({ mode: "replay" });
  const { headers, text } = await get(port, "/recording");
  expect(headers["content-type"]).toBe("application/x-ndjson");
  expect(
    text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line)),
  ).toEqual(recording);
  const live = await serve();
  expect(await get(live.port, "/recording")).toMatchObject({ status: 404 });
});

test("metrics are made once, with the first request; where they cannot be, the packages are named", async () => {
  let made = 0;
  let stopped = 0;
  const stop = async () => {
    stopped += 1;
  };
  const metrics = async () => {
    made += 1;
    return { text: async () => `asked ${made}\n`, stop };
  };
  const { server, port } = await serve({ metrics });
  expect(made).toBe(0);
  expect(await get(port, "/metrics")).toMatchObject({ status: 200, text: "asked 1\n" });
  expect((await get(port, "/metrics")).text).toBe("asked 1\n");
  await server.close();
  expect(stopped).toBe(1);
  const without = await get((await serve()).port, "/metrics");
  expect(without.status).toBe(501);
  expect(without.text).toMatch(/^[^\n]*npm install @opentelemetry\/api[^\n]*\n$/);
});

test("metrics that fail are one line", async () => {
  const { port } = await serve({ metrics: () => Promise.reject(new Error("no\nway")) });
  expect(await get(port, "/metrics")).toMatchObject({
    status: 500,
    text: expect.stringMatching(/^.*no way\n$/),
  });
});

test("every answer keeps the page to itself", async () => {
  const { port } = await serve();
  for (const path of ["/", "/nowhere", "/history?lock=one", "/metrics"]) {
    const { headers } = await get(port, path);
    expect(headers["content-security-policy"]).toContain("default-src 'none'");
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-store",
    });
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  }
});

test("one can only look", async () => {
  const { port } = await serve();
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"]) {
    const { status, headers } = await get(port, "/history?lock=one", {}, method);
    expect({ method, status, allow: headers.allow }).toEqual({ method, status: 405, allow: "GET, HEAD" });
  }
  expect(await get(port, "/history?lock=one", {}, "HEAD")).toMatchObject({ status: 200, text: "" });
  expect(await get(port, "/events", {}, "HEAD")).toMatchObject({ status: 200, text: "" });
});

test("closing ends the readers, and frees the port", async () => {
  const { server, port } = await serve();
  const reader = await Reader.open(port);
  await server.close();
  await expect.poll(() => reader.ended).toBe(true);
  await serve({}, { port });
});

test("a port that is taken is refused by name", async () => {
  const { port } = await serve();
  await expect(serve({}, { port })).rejects.toMatchObject({
    name: "CannotListenError",
    code: "CANNOT_LISTEN",
    port,
    message: expect.stringContaining(
      `port ${port} of 127.0.0.1: another program listens there. Choose another`,
    ),
  });
  await expect(serve({}, { host: "192.0.2.1" })).rejects.toMatchObject({ code: "CANNOT_LISTEN" });
});
