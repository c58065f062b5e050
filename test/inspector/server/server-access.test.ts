import { networkInterfaces } from "node:os";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Reader } from "./reader.js";
import { get } from "./request.js";
import { closeAll, serve } from "./served.js";

// Usually takes less than a second; more on a busy machine.
vi.setConfig({ testTimeout: 20_000 });

afterEach(closeAll);

const path = "/history?lock=one";
const token = "correct-horse-battery";

describe("requests are accepted", () => {
  test("only under a name of this machine, with the port, because any other name may resolve to it", async () => {
    const { port } = await serve();
    const fine = [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`];
    for (const Host of fine)
      expect({ Host, ...(await get(port, path, { Host })) }).toMatchObject({ Host, status: 200 });
    const forged = [
      "evil.example",
      `evil.example:${port}`,
      `localhost.evil.example:${port}`,
      `127.0.0.1.evil.example:${port}`,
      `evil.example#127.0.0.1:${port}`,
      `127.0.0.1:${port}@evil.example`,
      `127.0.0.2:${port}`,
      "127.0.0.1",
      "localhost",
      `localhost:${port + 1}`,
      `[::1:${port}`,
      `0.0.0.0:${port}`,
    ];
    for (const Host of forged) {
      const { status, text } = await get(port, path, { Host });
      expect({ Host, status }).toEqual({ Host, status: 403 });
      // One line that says where to go and repeats nothing of the request.
      expect(text).toMatch(new RegExp(`^[^\n]*open http://127.0.0.1:${port}/[^\n]*\n$`));
      expect(text).not.toContain("evil");
    }
    await expect(Reader.open(port, { Host: "evil.example" })).rejects.toThrow("403");
  });

  test("not from another site's page", async () => {
    const { port } = await serve();
    const own = `http://127.0.0.1:${port}`;
    expect((await get(port, path, { Origin: own })).status).toBe(200);
    const forged = [
      "http://evil.example",
      "null",
      `https://127.0.0.1:${port}`,
      "http://127.0.0.1",
      `${own}0`,
      `http://localhost:${port}`,
    ];
    for (const Origin of forged) {
      expect({ Origin, status: (await get(port, path, { Origin })).status }).toEqual({ Origin, status: 403 });
    }
  });

  test("not if the browser reports another site, except to open the page itself", async () => {
    const { port } = await serve();
    const status = async (site: string, at = path, more = {}) =>
      (await get(port, at, { "Sec-Fetch-Site": site, ...more })).status;
    expect(await status("same-origin")).toBe(200);
    expect(await status("none")).toBe(200);
    for (const site of ["cross-site", "same-site", "anything"]) {
      expect(await status(site)).toBe(403);
      expect(await status(site, "/events")).toBe(403);
      expect(await status(site, "/")).toBe(403);
      const frame = { "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe" };
      expect(await status(site, "/", frame)).toBe(403);
      const link = { "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" };
      expect(await status(site, "/", link)).not.toBe(403);
      expect(await status(site, path, link)).toBe(403);
    }
  });
});

describe("with a token", () => {
  test("no request is accepted without it", async () => {
    const { port } = await serve({}, { token });
    for (const at of [
      "/",
      "/events",
      path,
      "/metrics",
      "/recording",
      "/past",
      "/window?at=0",
      "/assets/x.js",
      "/nowhere",
    ]) {
      const { status, headers, text } = await get(port, at);
      expect({ at, status }).toEqual({ at, status: 401 });
      expect(headers["www-authenticate"]).toMatch(/^Bearer/);
      expect(text).not.toContain(token);
    }
    for (const wrong of [
      "Bearer",
      "Bearer ",
      `Bearer ${token}x`,
      `Bearer ${token.slice(1)}`,
      `Basic ${token}`,
      token,
    ]) {
      expect((await get(port, path, { Authorization: wrong })).status).toBe(401);
    }
  });

  test("it is accepted as a bearer token", async () => {
    const { port } = await serve({}, { token });
    expect((await get(port, path, { Authorization: `Bearer ${token}` })).status).toBe(200);
    const reader = await Reader.open(port, { Authorization: `bearer ${token}` });
    await expect.poll(() => reader.events.length).toBeGreaterThan(0);
  });

  test("it is accepted once in the address, removed from there, and then accepted as a cookie", async () => {
    const { port } = await serve({}, { token });
    const { status, headers } = await get(port, `/?token=${token}`);
    expect({ status, to: headers.location }).toEqual({ status: 303, to: "/" });
    const [cookie = ""] = headers["set-cookie"] ?? [];
    expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Lax$/);
    // The browser sends the cookie to other servers of this host too.
    expect(cookie).not.toContain(token);
    const [pair = ""] = cookie.split(";");
    expect((await get(port, path, { Cookie: `theme=dark; ${pair}` })).status).toBe(200);
    expect((await get(port, path, { Cookie: `${pair}x` })).status).toBe(401);
    expect((await get(port, path, { Cookie: pair.slice(0, -1) })).status).toBe(401);
    // Only for the page itself: a token in other addresses would be passed around.
    expect((await get(port, `${path}&token=${token}`)).status).toBe(401);
    expect((await get(port, "/?token=wrong")).status).toBe(401);
  });

  test("two inspectors on one machine do not overwrite each other's cookie, which browsers keep per host", async () => {
    const tokens = [token, `${token}-2`];
    const served = await Promise.all(tokens.map((own) => serve({}, { token: own })));
    const replies = await Promise.all(served.map(({ port }, index) => get(port, `/?token=${tokens[index]}`)));
    // A later cookie of the same name replaces the earlier one.
    const jar = new Map(
      replies.map(
        ({ headers }) => (headers["set-cookie"]?.[0]?.split(";")[0] ?? "").split("=", 2) as [string, string],
      ),
    );
    const cookie = [...jar].map((pair) => pair.join("=")).join("; ");
    for (const { port } of served) expect((await get(port, path, { Cookie: cookie })).status).toBe(200);
  });

  test("a forged name is refused before the token is checked", async () => {
    const { port } = await serve({}, { token });
    const headers = { Host: "evil.example", Authorization: `Bearer ${token}` };
    expect((await get(port, path, headers)).status).toBe(403);
  });
});

test("a server on all addresses accepts its addresses too, at whatever port they are reached", async () => {
  const { server, port } = await serve({}, { host: "0.0.0.0", token });
  expect(server.url).toBe(`http://127.0.0.1:${port}/`);
  const headers = { Authorization: `Bearer ${token}` };
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const names = addresses
    .filter(({ family }) => family === "IPv4")
    .map(({ address }) => `${address}:${port}`);
  for (const Host of [...names, "localhost:8080", "192.0.2.7", "[2001:db8::1]:80"]) {
    expect({ Host, status: (await get(port, path, { ...headers, Host })).status }).toEqual({
      Host,
      status: 200,
    });
  }
  expect((await get(port, path, { ...headers, Host: `evil.example:${port}` })).status).toBe(403);
});
