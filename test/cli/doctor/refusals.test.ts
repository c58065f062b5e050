import { expect, test } from "vitest";
import { connectFailure, talkFailure } from "../../../src/cli/doctor/entry-failure.js";
import { refusalOf } from "../../../src/cli/doctor/refusal.js";
import { outcomeFor } from "../../../src/cli/doctor/trials.js";

const systemError = (code: string) => Object.assign(new Error(`${code} of the system`), { code });
const taken = { tls: true, connected: true, timedOut: false };

test.each([
  ["ECONNREFUSED", "refused"],
  ["ENOTFOUND", "unresolved"],
  ["EAI_AGAIN", "unresolved"],
  ["EHOSTUNREACH", "unroutable"],
  ["ETIMEDOUT", "noConnection"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "certificate"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "certificate"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "certificate"],
  ["CERT_HAS_EXPIRED", "certificate"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "noTls"],
  ["ECONNRESET", "noTls"],
])("a TLS connection that ends with %s: %s", (code, failure) => {
  expect(connectFailure(systemError(code), taken)).toBe(failure);
});

test("without TLS a connection that is reset is just closed", () => {
  expect(connectFailure(systemError("ECONNRESET"), { ...taken, tls: false })).toBe("closed");
});

test.each([
  ["ERR invalid password", "AUTH", "password"],
  ["ERR wrong number of arguments for 'auth' command", "AUTH", "password"],
  ["ERR DB index is out of range", "SELECT", "database"],
  ["NOPERM this user has no permissions to run the 'select' command", "SELECT", "database"],
  ["NOPERM this user has no permissions to run the 'ping' command", "PING", null],
  ["MASTERDOWN Link with MASTER is down", "PING", null],
] as const)("%s, at %s: %s", (message, step, failure) => {
  expect(talkFailure(refusalOf(new Error(message)), step)).toBe(failure);
});

/** For a command, its keys and its channels. */
const outcomes = (message: string) => {
  const answer = { ok: false, refusal: refusalOf(new Error(message)) } as const;
  return (["command", "key", "channel"] as const).map((kind) => outcomeFor(kind, answer));
};

const byCommand = ["forbidden", "unknown", "unknown"];
const byKey = ["allowed", "forbidden", "unknown"];
const byChannel = ["allowed", "allowed", "forbidden"];

test.each([
  // Redis 6 and 7.0
  ["NOPERM this user has no permissions to run the 'get' command or its subcommand", byCommand],
  ["NOPERM this user has no permissions to access one of the keys used as arguments", byKey],
  ["NOPERM this user has no permissions to access one of the channels used as arguments", byChannel],
  // Redis 7.2 and Valkey
  ["NOPERM User key-channel has no permissions to run the 'get' command", byCommand],
  ["NOPERM No permissions to access a key", byKey],
  ["NOPERM No permissions to access a channel", byChannel],
  ["ERR unknown command 'GET', with args beginning with: 'a'", ["missing", "unknown", "unknown"]],
  // Reported after all permission checks.
  ["READONLY You can't write against a read only replica.", ["allowed", "allowed", "allowed"]],
  ["NOSCRIPT No matching script.", ["allowed", "allowed", "allowed"]],
  ["Connection is closed.", ["unknown", "unknown", "unknown"]],
])("%s", (message, expected) => {
  expect(outcomes(message)).toEqual(expected);
});
