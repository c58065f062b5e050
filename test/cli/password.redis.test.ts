import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type RedisServer, startServer } from "../support/servers.js";
import { endAll, holdfast } from "./support/holdfast.js";

const password = 'top "secret", 1/2';
const encoded = encodeURIComponent(password);
let server: RedisServer;

beforeAll(async () => {
  server = await startServer({ password });
});
afterEach(endAll);
afterAll(() => server.stop());

const hidden = (text: string) => {
  expect(text).not.toContain("secret");
  expect(text).not.toContain(encoded);
};

test("a password works, and is not shown by what goes well", async () => {
  const node = ["--node", server.url];
  const ran = await holdfast(["run", "--resource", "a", "--json", ...node, "--", "env"]);
  expect(ran.code).toBe(0);
  hidden(ran.stdout + ran.stderr);
  const seen = await holdfast(["inspect", "a", "--json", ...node]);
  expect(JSON.parse(seen.stdout)).toMatchObject({ resource: "a", held: false });
  hidden(seen.stdout + seen.stderr);
});

test.each([["text"], ["json"]])("a wrong password is not shown by what goes wrong (%s)", async (form) => {
  const wrong = ["--node", server.url.replace(encoded, `${encoded}secret`)];
  const json = form === "json" ? ["--json"] : [];
  const ran = await holdfast(["run", "--resource", "a", ...json, "--wait", "500ms", ...wrong, "--", "true"]);
  expect(ran.code).toBe(69);
  hidden(ran.stdout + ran.stderr);
  const seen = await holdfast(["inspect", "a", ...json, ...wrong]);
  expect(seen.code).toBe(69);
  hidden(seen.stdout + seen.stderr);
});
