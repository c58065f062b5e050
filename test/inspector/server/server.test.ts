import { afterEach, expect, test, vi } from "vitest";
import { noTotals } from "../../../src/inspector/feed/totals.js";
import { windowOf } from "../../../visualizations/inspector/src/replay/window.js";
import { beat, locksOf, lockView, stepOf } from "../sample-frames.js";
import { Reader } from "./reader.js";
import { get } from "./request.js";
import { closeAll, serve } from "./served.js";

// Usually takes less than a second; more on a busy machine.
vi.setConfig({ testTimeout: 20_000 });

afterEach(closeAll);

test("a reader receives the greeting, the current state, and then every frame", async () => {
  const { hub, port } = await serve();
  hub.receive(beat());
  hub.receive(locksOf(lockView("one")));
  const reader = await Reader.open(port);
  await reader.receives("how things are", ({ kind }) => kind === "locks");
  expect(reader.events[0]).toMatchObject({ name: "hello", data: { mode: "live", title: "Locks" } });
  expect(reader.events[1]?.data).toMatchObject([{ kind: "beat" }, { kind: "locks" }]);
  hub.receive(stepOf(lockView("one", { state: "renewing.asking" }), "RENEW", "held"));
  hub.receive(beat());
  await reader.receives("a step", ({ kind }) => kind === "steps");
  // Both frames are in one event, because they arrived in the same tenth of a second.
  expect(reader.events.at(-1)?.data).toMatchObject([{ kind: "steps" }, { kind: "beat" }]);
});

test("every reader learns the same totals, which include those of forgotten processes", async () => {
  const { hub, port } = await serve();
  const totals = (acquired: number) => ({ ...noTotals, acquired });
  hub.receive(beat("gone", { totals: totals(5), since: 400 }));
  const first = await Reader.open(port);
  await expect.poll(() => first.events.length).toBe(2);
  hub.aggregate.removeSource("gone");
  hub.receive(beat("here", { totals: totals(2) }));
  await expect
    .poll(() => first.events.at(-2))
    .toMatchObject({
      name: "totals",
      data: { counts: totals(7), since: expect.any(Number) },
    });
  const second = await Reader.open(port);
  await expect.poll(() => second.events.length).toBe(2);
  expect(second.events[0]?.data).toMatchObject({ totals: first.events.at(-2)?.data });
  expect(second.frames.map(({ source }) => source)).not.toContain("gone");
  // Without a change there is nothing to tell.
  hub.receive(beat("here", { totals: totals(2) }));
  await second.receives("another beat", ({ kind }) => kind === "beat");
  await expect.poll(() => second.events.length).toBe(3);
  expect(second.events.at(-1)?.name).toBe("frames");
  // A process that comes back is not counted twice.
  hub.receive(beat("gone", { totals: totals(6) }));
  await expect
    .poll(() => second.events.at(-2))
    .toMatchObject({ name: "totals", data: { counts: totals(8) } });
});

test("a reader learns that there are no locks", async () => {
  const { port } = await serve();
  const reader = await Reader.open(port);
  await expect.poll(() => reader.events.at(1)).toEqual({ name: "frames", data: [] });
});

test("a lock's steps can be requested later", async () => {
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

test("a recording is sent in windows, and a live server sends the last hour as the file of a recording", async () => {
  const recording = [beat(), locksOf(lockView("one"))];
  const { port } = await serve({ recording });
  const reader = await Reader.open(port);
  await expect.poll(() => reader.events.at(0)?.data).toMatchObject({ mode: "replay" });
  expect(windowOf((await get(port, "/window?at=0")).text)).toMatchObject({
    frames: recording.map((frame) => ({ frame })),
    first: true,
    last: true,
  });
  expect(JSON.parse((await get(port, "/past")).text)).toMatchObject({ from: 1_000, to: 1_000, examined: 1 });
  expect(await get(port, "/recording")).toMatchObject({ status: 404 });
  for (const at of ["", "?at=", "?at=x", "?at=1e999", "?at=NaN"])
    expect({ at, status: (await get(port, `/window${at}`)).status }).toEqual({ at, status: 400 });
  const live = await serve();
  const saved = await get(live.port, "/recording");
  expect(saved.text).toMatch(/^\{"holdfast":"recording","version":2,"time":\d+\}\n$/);
  expect(saved.headers["content-disposition"]).toMatch(
    /^attachment; filename="holdfast-[\dTZ-]+\.holdfast"$/,
  );
});

test("metrics are created once, with the first request; if packages are missing, they are named", async () => {
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

test("failing metrics are reported in one line", async () => {
  const { port } = await serve({ metrics: () => Promise.reject(new Error("no\nway")) });
  expect(await get(port, "/metrics")).toMatchObject({
    status: 500,
    text: expect.stringMatching(/^.*no way\n$/),
  });
});

test("every response has headers that isolate the page", async () => {
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

test("the server is read-only", async () => {
  const { port } = await serve();
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"]) {
    const { status, headers } = await get(port, "/history?lock=one", {}, method);
    expect({ method, status, allow: headers.allow }).toEqual({ method, status: 405, allow: "GET, HEAD" });
  }
  expect(await get(port, "/history?lock=one", {}, "HEAD")).toMatchObject({ status: 200, text: "" });
  expect(await get(port, "/events", {}, "HEAD")).toMatchObject({ status: 200, text: "" });
});

test("closing ends the event streams, and frees the port", async () => {
  const { server, port } = await serve();
  const reader = await Reader.open(port);
  await server.close();
  await expect.poll(() => reader.ended).toBe(true);
  await serve({}, { port });
});

test("a port in use is refused by name", async () => {
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
