import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createLocks, InvalidOptionError, type Locks, memoryNode } from "../../src/index.js";
import { type InspectorHandler, inspectorHandler } from "../../src/inspector.js";
import { Reader } from "./server/reader.js";
import { get } from "./server/request.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

function locksOnMemory(): Locks {
  const locks = createLocks({ nodes: [memoryNode(), memoryNode(), memoryNode()], owner: "embedded" });
  open.push(locks);
  return locks;
}

function handlerOf(locks: Locks, options = {}): InspectorHandler {
  const handler = inspectorHandler(locks, options);
  open.push(handler);
  return handler;
}

type Listener = (request: IncomingMessage & { originalUrl?: string }, response: ServerResponse) => void;

async function listen(listener: Listener): Promise<number> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return (server.address() as AddressInfo).port;
}

/** As Express, connect and NestJS mount a handler: they take the path off the URL. */
const mounted =
  (path: string, handler: Listener): Listener =>
  (request, response) => {
    const url = request.url ?? "";
    if (url !== path && !url.startsWith(`${path}/`) && !url.startsWith(`${path}?`))
      return void response.writeHead(418).end();
    request.originalUrl = url;
    const rest = url.slice(path.length);
    request.url = rest.startsWith("/") ? rest : `/${rest}`;
    handler(request, response);
  };

const ways: readonly (readonly [string, string, (handler: (options?: object) => Listener) => Listener])[] = [
  ["at the root of a server", "", (handler) => handler()],
  // Fastify (request.raw) and Hono (c.env.incoming) hand over the whole URL.
  ["below a path that stays in the URL", "/admin/locks", (handler) => handler({ basePath: "/admin/locks" })],
  ["below a path that is taken off the URL", "/admin/locks", (handler) => mounted("/admin/locks", handler())],
];

describe.each(ways)("%s", (_, base, mount) => {
  test("the page, its files, its events and its history are served", async () => {
    const locks = locksOnMemory();
    const port = await listen(mount((options) => handlerOf(locks, options)));
    const page = await get(port, `${base}/`);
    expect(page.status).toBe(200);
    const files = [...page.text.matchAll(/(?:src|href)="(\.\/[^"]+)"/g)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThan(1);
    // Relative addresses work below any path.
    for (const file of files) {
      const { pathname } = new URL(file, `http://x${base}/`);
      expect({ file, status: (await get(port, pathname)).status }).toEqual({ file, status: 200 });
    }
    const lease = await locks.acquire("payouts:42");
    expect((await get(port, `${base}/past`)).status).toBe(200);
    await expect
      .poll(async () => (await get(port, `${base}/window?at=${Date.now()}`)).text, { timeout: 20_000 })
      .toContain("payouts:42");
    expect((await get(port, `${base}/nothing`)).status).toBe(404);
    await lease.release();
  });

  test("without the slash at its end the address is redirected, whatever a proxy has taken off", async () => {
    if (base === "") return;
    const port = await listen(mount((options) => handlerOf(locksOnMemory(), options)));
    const { status, headers } = await get(port, `${base}?a=1`);
    expect([status, headers.location]).toEqual([308, "./locks/?a=1"]);
  });
});

test("paths outside of the base are not answered with the page, nor is the base a prefix of other names", async () => {
  const port = await listen(handlerOf(locksOnMemory(), { basePath: "/admin" }));
  for (const path of ["/", "/administrators", "/admin2/", "//admin/", "/x/admin/"])
    expect({ path, status: (await get(port, path)).status }).toEqual({ path, status: 404 });
});

test("the host's own authentication decides who reaches it", async () => {
  const handler = handlerOf(locksOnMemory());
  const port = await listen((request, response) => {
    if (request.headers.authorization !== "Basic YWRhOmJ5cm9u")
      return void response.writeHead(401).end("who are you?");
    handler(request, response);
  });
  expect(await get(port, "/past")).toMatchObject({ status: 401, text: "who are you?" });
  expect((await get(port, "/past", { Authorization: "Basic YWRhOmJ5cm9u" })).status).toBe(200);
});

test("any Host is taken, because only the host knows its names; other sites, methods and bodies are refused", async () => {
  const port = await listen(handlerOf(locksOnMemory()));
  const status = async (headers: Record<string, string>, method = "GET") =>
    (await get(port, "/past", headers, method)).status;
  expect(await status({ Host: "ops.example" })).toBe(200);
  expect(await status({ Host: "ops.example", Origin: "https://ops.example" })).toBe(200);
  expect(await status({ Host: "ops.example", Origin: "http://ops.example" })).toBe(200);
  for (const origin of ["https://evil.example", "null", "https://ops.example.evil.example", "file://", ""])
    expect({ origin, status: await status({ Host: "ops.example", Origin: origin }) }).toEqual({
      origin,
      status: 403,
    });
  expect(await status({ "Sec-Fetch-Site": "cross-site" })).toBe(403);
  expect(await status({ "Sec-Fetch-Site": "same-site" })).toBe(403);
  expect(await status({}, "POST")).toBe(405);
  expect(await status({ "Content-Length": "5" })).toBe(413);
});

test("the end disconnects the readers and leaves the locks and the server alone", async () => {
  const locks = locksOnMemory();
  const handler = handlerOf(locks);
  const port = await listen(handler);
  const reader = await Reader.open(port);
  await reader.receives("a beat", (frame) => frame.kind === "beat");
  await Promise.all([handler.close(), handler.close()]);
  await (await locks.acquire("still works")).release();
  expect((await get(port, "/past")).status).toBe(200);
  reader.vanish();
});

test.each([
  { basePath: "admin" },
  { basePath: "/a/../b" },
  { basePath: "/a?b" },
  { basePath: "/a//b" },
  { basePath: "" },
  { basePath: 5 },
  { basePath: `/${"a".repeat(600)}` },
  { title: "x".repeat(201) },
  { token: "a-token-of-16-and-more" },
  null,
])("%o is refused", (options) => {
  const locks = locksOnMemory();
  expect(() => inspectorHandler(locks, options as object)).toThrow(InvalidOptionError);
});

test("what is no locks is refused", () => {
  for (const locks of [[], {}, null]) expect(() => inspectorHandler(locks as never)).toThrow();
});
