import { expect, test } from "vitest";
import { hideCredentials, redact } from "../../src/cli/redact.js";

test("credentials in an address are hidden in any text", () => {
  expect(redact("connect to rediss://me:unseen-1@host:6379 failed")).toBe(
    "connect to rediss://***@host:6379 failed",
  );
});

test("a password that contains an @ is hidden completely", () => {
  expect(redact("redis://me:un@seen@host/0")).toBe("redis://***@host/0");
});

test("a known password is hidden everywhere, as written and as decoded", () => {
  hideCredentials("redis://me:top%2Fsecret@host");
  expect(redact("AUTH me top/secret; AUTH me top%2Fsecret")).toBe("AUTH me ***; AUTH me ***");
});

test("the credentials of a malformed address are hidden too", () => {
  hideCredentials("redis//me:hunter22 with spaces@host");
  expect(redact('"redis//me:hunter22 with spaces@host" is no address')).toBe(
    '"redis//***@host" is no address',
  );
});

test("text without credentials is unchanged", () => {
  expect(redact('"user@example" is held by host:1')).toBe('"user@example" is held by host:1');
});
