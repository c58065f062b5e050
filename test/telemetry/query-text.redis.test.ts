import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { withoutTokens } from "../../src/telemetry.js";
import { locksOf, uniqueName } from "../locks/support.js";
import { sharedServers } from "../support/shared-servers.js";

test("the text of a lock's commands shows the SHA-1 and the keys, and no token", async () => {
  const client = new Redis({ port: sharedServers()[0]?.port ?? 0 });
  const tokens = new Set<string>();
  const texts: string[] = [];
  const serialize = withoutTokens();
  const send = client.sendCommand.bind(client);
  client.sendCommand = (command, ...rest) => {
    const args = command.args.map(String);
    for (const arg of args) for (const [token] of arg.matchAll(/me~[\w-]{16,}/g)) tokens.add(token);
    texts.push(serialize(command.name, args));
    return send(command, ...rest);
  };
  const locks = locksOf([client], { prefix: uniqueName(), owner: "me" });
  const lease = await locks.acquire("orders:1");
  await lease.renew();
  await lease.release();
  expect(tokens.size).toBeGreaterThan(0);
  for (const token of tokens) expect(texts.join("\n")).not.toContain(token);
  expect(texts.some((text) => /^evalsha [0-9a-f]{40} \d+ .*orders:1( .*)? \?$/.test(text))).toBe(true);
  // Whole scripts are left out.
  expect(Math.max(...texts.map((text) => text.length))).toBeLessThan(1_000);
  client.disconnect();
});

test("other commands appear with a question mark for each argument, or as the program's own serializer shows them", () => {
  expect(withoutTokens()("set", ["a", "secret", "PX", 5])).toBe("set ? ? ? ?");
  expect(withoutTokens((command) => `${command} …`)("set", ["a", "secret"])).toBe("set …");
  expect(withoutTokens((_, args) => args.join())("EVAL", ["return 1", "1", "key", "secret"])).toBe(
    "EVAL return 1 1 key ?",
  );
});
