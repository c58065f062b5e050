import type { Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { probe } from "../../../src/cli/doctor/probe.js";
import { readTarget } from "../../../src/cli/doctor/target.js";
import { freePort } from "../../support/free-port.js";
import { type StubServer, startStubServer } from "./stub-server.js";

const password = "never-shown";
/** Time in ms after which a silent server is given up. */
const timeout = 500;
/** In ms, for a busy machine. */
const promptly = 5_000;

let door: StubServer | undefined;

afterEach(async () => {
  await door?.close();
  door = undefined;
});

async function probeStub(onConnection: (socket: Socket) => void, scheme = "redis", credentials = "") {
  door = await startStubServer(onConnection);
  const begun = performance.now();
  const facts = await probe(readTarget(`${scheme}://${credentials}127.0.0.1:${door.port}`), "", timeout);
  expect(performance.now() - begun).toBeLessThan(promptly);
  return facts;
}

const answer = (text: string) => (socket: Socket) => void socket.on("data", () => socket.write(text));
const silence = () => {};
const handshakeFailure = Buffer.from([21, 3, 3, 0, 2, 2, 40]);
const tlsAlert = (socket: Socket) =>
  void socket.once("data", () => socket.end(Buffer.from([21, 3, 1, 0, 2, 2, 70])));

test.each([
  ["says nothing", silence, "silent"],
  ["ends the connection", (socket: Socket) => void socket.end(), "closed"],
  ["speaks HTTP", answer("HTTP/1.1 400 Bad Request\r\n\r\n"), "notRedis"],
  ["greets as SSH does", (socket: Socket) => void socket.write("SSH-2.0-OpenSSH_9.2\r\n"), "notRedis"],
  ["says what it hears", (socket: Socket) => void socket.pipe(socket), "notRedis"],
  ["agrees to everything", answer("+OK\r\n"), "notRedis"],
  ["knows no command", answer("-ERR unknown command\r\n"), "notRedis"],
  ["answers with a TLS alert", tlsAlert, "tlsWanted"],
  ["wants a password", answer("-NOAUTH Authentication required.\r\n"), "passwordMissing"],
  ["is loading", answer("-LOADING Redis is loading the dataset in memory\r\n"), "loading"],
  ["is busy", answer("-BUSY Redis is busy running a script.\r\n"), "busy"],
  ["is full of clients", answer("-ERR max number of clients reached\r\n"), "refusing"],
  ["is in protected mode", answer("-DENIED Redis is running in protected mode\r\n"), "refusing"],
])("a server that %s", async (_, meet, failure) => {
  expect(await probeStub(meet)).toMatchObject({ reached: false, failure });
});

/** A port for TLS, which ends other connections in this way. */
const onlyTls = (end: (socket: Socket) => void) => (socket: Socket) =>
  void socket.once("data", ([first]) => (first === 22 ? socket.end(handshakeFailure) : end(socket)));

test.each([
  ["resets other connections", onlyTls((socket) => socket.resetAndDestroy())],
  ["ends other connections", onlyTls((socket) => socket.end())],
])("a server with TLS that %s", async (_, meet) => {
  expect(await probeStub(meet)).toMatchObject({ reached: false, failure: "tlsWanted" });
  await door?.close();
  expect(await probeStub(meet, "redis", `:${password}@`)).toMatchObject({ failure: "tlsWanted" });
});

test.each([
  ["says nothing", silence],
  ["ends the connection", (socket: Socket) => void socket.end()],
  ["answers without TLS", answer("-ERR unknown command\r\n")],
])("TLS to a server that %s", async (_, meet) => {
  expect(await probeStub(meet, "rediss")).toMatchObject({ reached: false, failure: "noTls" });
});

test.each([
  ["its own words", answer(`-ERR wrong password ${password}\r\n`), "password"],
  ["all that it hears", (socket: Socket) => void socket.pipe(socket), "notRedis"],
  [
    "the command and its arguments",
    answer(`-ERR unknown command 'AUTH', with args beginning with: '${password}'\r\n`),
    "password",
  ],
])("a server that repeats the password in %s is not quoted", async (_, meet, failure) => {
  const facts = await probeStub(meet, "redis", `:${password}@`);
  expect(facts).toMatchObject({ reached: false, failure });
  expect(JSON.stringify(facts)).not.toContain(password);
});

test("a server that falls silent after PING is examined no longer than the timeout", async () => {
  const pong = (socket: Socket) => void socket.once("data", () => socket.write("+PONG\r\n"));
  expect(await probeStub(pong)).toMatchObject({ reached: true, complete: false, pings: [] });
});

test("a server that answers nonsense to everything but PING yields no facts", async () => {
  const nonsense = (socket: Socket) =>
    void socket.on("data", (chunk) => {
      const commands = chunk.toString().match(/\*\d+\r\n\$\d+\r\n\w+/g) ?? [];
      for (const command of commands) socket.write(/PING$/i.test(command) ? "+PONG\r\n" : "*1\r\n$-1\r\n");
    });
  expect(await probeStub(nonsense)).toMatchObject({
    reached: true,
    clock: null,
    info: { ok: false },
    marker: { ok: false },
  });
});

test("a server's texts cannot control the terminal", async () => {
  const facts = await probeStub(answer("-LOADING \u001b[2J\u009bgone\u202e\r\n"));
  expect(facts).toMatchObject({ reached: false, message: "LOADING [2J gone" });
});

test("a closed port, and an unknown host", async () => {
  const dead = await probe(readTarget(`redis://127.0.0.1:${await freePort()}`), "", timeout);
  expect(dead).toMatchObject({ reached: false, failure: "refused" });
  const unknown = await probe(readTarget("redis://nowhere.invalid"), "", promptly);
  expect(unknown).toMatchObject({
    reached: false,
    failure: expect.stringMatching(/unresolved|noConnection/),
  });
});
