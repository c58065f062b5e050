import { describe, expect, test } from "vitest";
import { connectionCause, isOfDatabase, keptCause } from "../../src/clients/connection-cause.js";

const system = (code: string, message = `connect ${code} 10.0.0.1:6379`) =>
  Object.assign(new Error(message), { code, syscall: "connect" });

describe("the cause of a connection that cannot be opened", () => {
  test.each([
    ["a wrong password", new Error("WRONGPASS invalid username-password pair or user is disabled.")],
    ["a missing password", new Error("NOAUTH Authentication required.")],
    [
      "a missing password, as node-redis 3 reports it",
      new Error("Ready check failed: NOAUTH Authentication r."),
    ],
    ["a wrong password of an old server", new Error("ERR invalid password")],
    ["a missing right", new Error("NOPERM this user has no permissions to run the 'hello' command")],
    ["protected mode", new Error("DENIED Redis is running in protected mode")],
    ["an HTTP server", new Error('Protocol error, got "H" as reply type byte. Please report this.')],
    ["an HTTP server, as node-redis reports it", new Error('Unknown RESP type 72 "H"')],
    ["an answer that is not TLS", Object.assign(new Error("wrong version number"), { code: "EPROTO" })],
    [
      "a certificate",
      Object.assign(new Error("self-signed certificate"), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }),
    ],
  ])("%s does not end by itself", (_, error) => {
    expect(connectionCause(error)).toMatchObject({ lasts: true, vague: false });
  });

  test.each([
    ["a host name that is not known", system("ENOTFOUND", "getaddrinfo ENOTFOUND db.test")],
    ["a refused connection", system("ECONNREFUSED")],
    ["a host without a route", system("EHOSTUNREACH")],
    ["a server that is loading", new Error("LOADING Redis is loading the dataset in memory")],
    ["too many clients", new Error("ERR max number of clients reached")],
  ])("%s may end by itself", (_, error) => {
    expect(connectionCause(error)).toMatchObject({ lasts: false, vague: false, message: error.message });
  });

  test.each([
    ["a reset", system("ECONNRESET", "read ECONNRESET")],
    ["a closed connection of node-redis", new Error("Socket closed unexpectedly")],
    ["a closed connection of ioredis", new Error("Connection is closed.")],
    [
      "an aborted first command",
      new Error("Fatal error encountered. Command aborted. It might have been processed."),
    ],
  ])("%s is vague", (_, error) => {
    expect(connectionCause(error)).toMatchObject({ lasts: false, vague: true });
  });

  test("says that the server wants TLS if the answer is a TLS alert", () => {
    for (const message of [
      'Protocol error, got "\\u0015" as reply type byte',
      'Unknown RESP type 21 "\u0015"',
    ]) {
      expect(connectionCause(new Error(message)).message).toMatch(/wants TLS: use a rediss:\/\//);
    }
  });

  test.each(["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"])("%s is mended at the server", (code) => {
    const { message, lasts } = connectionCause(Object.assign(new Error("certificate trouble"), { code }));
    expect([message, lasts]).toEqual([expect.stringMatching(/renew the server's certificate/), true]);
  });

  test("is not that the server lacks TLS if the server refuses the handshake with an alert", () => {
    const alert = (text: string) =>
      connectionCause(
        system("EPROTO", `write EPROTO 80C:error:0A000412:SSL routines:ssl3_read_bytes:${text}`),
      );
    for (const text of ["ssl/tls alert bad certificate", "tlsv13 alert certificate required"]) {
      const { message, lasts } = alert(text);
      expect(lasts).toBe(true);
      expect(message).toMatch(/a certificate that the server accepts/);
    }
    expect(alert("ssl/tls alert internal error").lasts).toBe(false);
  });

  test.each([
    "ERR DB index is out of range",
    "ERR SELECT is not allowed in cluster mode",
    "NOPERM User me has no permissions to run the 'select' command",
  ])("is the database if the server refuses SELECT: %s", (message) => {
    const cause = connectionCause(new Error(message));
    expect(cause).toMatchObject({ lasts: true, vague: false });
    expect(isOfDatabase(cause)).toBe(true);
    expect(cause.message).toBe(`the client's database cannot be selected: ${message}`);
  });

  test("names each address of a host", () => {
    const refused = new AggregateError([
      system("ECONNREFUSED"),
      system("ECONNREFUSED", "connect ECONNREFUSED ::1"),
    ]);
    expect(connectionCause(refused).message).toBe(
      "connect ECONNREFUSED 10.0.0.1:6379, connect ECONNREFUSED ::1",
    );
  });

  test("names the error of the last server of a Cluster", () => {
    const all = Object.assign(new Error("Failed to refresh slots cache."), {
      lastNodeError: new Error("NOAUTH no."),
    });
    expect(connectionCause(all)).toMatchObject({
      lasts: true,
      message: "Failed to refresh slots cache. (NOAUTH no.)",
    });
  });
});

describe("of two causes", () => {
  const of = (message: string) => connectionCause(new Error(message));
  const [password, missing] = [of("WRONGPASS no."), of("NOAUTH no.")];
  const [closed, refused] = [of("Socket closed unexpectedly"), connectionCause(system("ECONNREFUSED"))];

  test("the first lasting one of an attempt is kept", () => {
    expect(keptCause(password, missing, true)).toBe(password);
    expect(keptCause(password, missing, false)).toBe(missing);
  });

  test("a vague one does not replace a lasting one, nor another one of the same attempt", () => {
    expect(keptCause(password, closed, false)).toBe(password);
    expect(keptCause(refused, closed, true)).toBe(refused);
    expect(keptCause(refused, closed, false)).toBe(closed);
    expect(keptCause(closed, refused, true)).toBe(refused);
  });

  test("a refusal of every client is not replaced by a vague one of a later attempt", () => {
    const full = of("ERR max number of clients reached");
    expect(keptCause(full, closed, false)).toBe(full);
    expect(keptCause(full, refused, false)).toBe(refused);
  });

  test("one that may end replaces a lasting one", () => {
    expect(keptCause(password, refused, false)).toBe(refused);
  });
});
