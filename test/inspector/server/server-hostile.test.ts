import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { bounded, holds } from "../../hostile/support/property.js";
import { beat } from "../sample-frames.js";
import { send } from "./raw.js";
import { Reader } from "./reader.js";
import { get } from "./request.js";
import { closeAll, type Served, serve } from "./served.js";

// Thousands of requests, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

/** A file next to the page, which must never be served. */
const kept = "not-for-the-page";
const index = "<!doctype html><title>a page</title>";
const script = "export {};";
const public_ = new Set([index, script]);

let folder = "";
let served: Served;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-page-"));
  await mkdir(join(folder, "page/assets"), { recursive: true });
  await writeFile(join(folder, "page/index.html"), index);
  await writeFile(join(folder, "page/assets/page-1a2b.js"), script);
  await writeFile(join(folder, "page/assets/page-1a2b.js.map"), kept);
  await writeFile(join(folder, "page/.env"), kept);
  await writeFile(join(folder, "secret.html"), kept);
  await symlink(join(folder, "secret.html"), join(folder, "page/link.html"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  served = await serve({}, {}, join(folder, "page"));
});
afterEach(closeAll);

test("the page's files are served by name, and files with hashed names are cached", async () => {
  const page = await get(served.port, "/");
  expect(page).toMatchObject({ status: 200, text: index });
  expect(page.headers).toMatchObject({
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
  });
  const asset = await get(served.port, "/assets/page-1a2b.js");
  expect(asset).toMatchObject({ status: 200, text: script });
  expect(asset.headers).toMatchObject({
    "content-type": "text/javascript; charset=utf-8",
    "cache-control": "private, max-age=31536000, immutable",
  });
  const none = [
    "/link.html",
    "/.env",
    "/assets/page-1a2b.js.map",
    "/assets",
    "/assets/",
    "/secret.html",
    "/page",
  ];
  for (const path of none)
    expect({ path, status: (await get(served.port, path)).status }).toEqual({ path, status: 404 });
});

const climbing = fc
  .array(
    fc.constantFrom(
      "..",
      ".",
      "%2e%2e",
      "%2E.",
      "..%2f",
      "..\\",
      "%5c..",
      "",
      "assets",
      "page",
      "secret.html",
      "link.html",
      "%00",
      "etc",
      "passwd",
      "C:",
      "~",
      "index.html%00.js",
    ),
    { minLength: 1, maxLength: 8 },
  )
  .chain((parts) => fc.constantFrom("/", "//", "\\", "%2f").map((between) => `/${parts.join(between)}`));
const path = fc.oneof(
  climbing,
  fc.webPath(),
  fc.string({ maxLength: 200 }).map((text) => `/${text}`),
  fc.constantFrom(
    "/events",
    "/history",
    "/recording",
    "/past",
    "/window?at=0",
    "/window?at=-9e999",
    "/metrics",
    "*",
    "http://evil.example/",
    "//evil.example/x",
    "/?token=%",
    "/history?lock=%ff",
  ),
);
const method = fc.oneof(
  { weight: 5, arbitrary: fc.constant("GET") },
  fc.constantFrom("HEAD", "POST", "CONNECT", "OPTIONS", "TRACE", "get", "G E T", "", "PRI", "\0"),
);
const name = fc.oneof(
  fc.constantFrom(
    ...["Origin", "Sec-Fetch-Site", "Cookie", "Authorization", "Content-Length", "Transfer-Encoding"],
    ...[
      "Upgrade",
      "Connection",
      "Expect",
      "Range",
      "X-Forwarded-Host",
      "Host",
      "__proto__",
      "Accept-Encoding",
    ],
  ),
  fc.string({ maxLength: 20 }),
);
const value = fc.oneof(
  fc.constantFrom(
    "chunked",
    "websocket",
    "upgrade",
    "100-continue",
    "-1",
    "5",
    "99999999999999999999",
    "null",
    "close",
  ),
  fc.string({ maxLength: 100 }),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constant("x".repeat(9_000)),
);
const headers = fc.array(fc.tuple(name, value), { maxLength: 5 });

test("no request crashes or hangs the server, or receives a file that is not part of the page", async () => {
  const request = fc.record({
    method,
    path,
    headers,
    host: fc.boolean(),
    end: fc.constantFrom("\r\n\r\n", "\r\n", ""),
  });
  const hostile = async ({
    method,
    path,
    headers,
    host,
    end,
  }: typeof request extends fc.Arbitrary<infer T> ? T : never) => {
    const lines = [
      `${method} ${path} HTTP/1.1`,
      ...(host ? [`Host: 127.0.0.1:${served.port}`] : []),
      // Otherwise the response to `/events` would never end.
      ...(path.startsWith("/events") ? ["Sec-Fetch-Site: cross-site"] : ["Connection: close"]),
      ...headers.map(([name, value]) => `${name}: ${value}`),
    ];
    const answer = await bounded(send(served.port, lines.join("\r\n") + end, 500));
    expect(answer).not.toContain(kept);
    const [head = "", body = ""] = answer.split("\r\n\r\n", 2);
    expect(answer === "" || /^HTTP\/1\.1 \d{3} /.test(head)).toBe(true);
    // It may be followed by the response to what looked like another request.
    if (/^HTTP\/1\.1 200 /.test(head) && /text\/(html|javascript)/.test(head) && method !== "HEAD")
      expect([...public_].some((text) => body.startsWith(text))).toBe(true);
  };
  await holds(request, hostile);
  expect(await get(served.port, "/")).toMatchObject({ status: 200, text: index });
});

test("bytes that are not HTTP do no harm either", async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((list) => Buffer.from(list)),
    fc.constant(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])),
    fc.constant(Buffer.from("*1\r\n$4\r\nPING\r\n")),
  );
  await holds(bytes, async (sent) => void (await bounded(send(served.port, sent, 500))), 200);
  expect((await get(served.port, "/")).status).toBe(200);
});

test("a request without a Host header is refused", async () => {
  expect(await send(served.port, "GET / HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 403 /);
  expect(await send(served.port, "GET / HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
  expect(await send(served.port, "GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n")).toMatch(
    /^HTTP\/1\.1 403 /,
  );
});

test("a request that brings a body, or too long a head, is refused unread", async () => {
  const head = `GET / HTTP/1.1\r\nHost: 127.0.0.1:${served.port}\r\n`;
  expect(await send(served.port, `${head}Content-Length: 5\r\n\r\nhello`)).toMatch(/^HTTP\/1\.1 413 /);
  expect(await send(served.port, `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`)).toMatch(
    / 413 /,
  );
  expect(await send(served.port, `${head}X-Long: ${"x".repeat(10_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
});

test("fifty readers are accepted, and another one when one of them has left", async () => {
  const readers = await Promise.all(Array.from({ length: 50 }, () => Reader.open(served.port)));
  const { status, text } = await get(served.port, "/events");
  expect(status).toBe(503);
  expect(text).toMatch(/^50 pages are open already[^\n]*\n$/);
  readers[0]?.vanish();
  await expect.poll(() => served.hub.readers).toBe(49);
  const late = await Reader.open(served.port);
  served.hub.receive(beat("somebody"));
  for (const reader of [...readers.slice(1), late]) {
    await reader.receives("somebody", ({ source }) => source === "somebody");
  }
  for (const reader of readers) reader.vanish();
  late.vanish();
  await expect.poll(() => served.hub.readers).toBe(0);
  served.hub.receive(beat("somebody"));
  expect((await get(served.port, "/")).status).toBe(200);
});
