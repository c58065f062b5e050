import { inspect } from "node:util";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createLocks, type Locks } from "../../src/index.js";
import { callRedis, type RedisServer, waitUntil } from "../support/servers.js";
import { clients, fiveServers, foreignSet, locksOf, ownServers, rejection, uniqueName } from "./support.js";

const servers = fiveServers().slice(0, 3);

/** Everything that a program might log, as one text: by JSON, by console.log, and as a string. */
class Paper {
  readonly #parts: string[] = [];

  note(thing: unknown): void {
    this.#parts.push(inspect(thing, { depth: 10, showHidden: true }));
    this.noteShort(thing);
  }

  /** For what refers to half of the program, such as an actor. */
  noteShort(thing: unknown): void {
    this.#parts.push(inspect(thing), String(thing));
    try {
      this.#parts.push(JSON.stringify(thing) ?? "");
    } catch {
      // Cyclic things have no JSON.
    }
    if (thing instanceof Error) this.#parts.push(thing.stack ?? "");
  }

  /** Also what is written to the console, and warned of by the process. */
  listen(locks?: Locks): void {
    const names = [
      "acquiring",
      "retrying",
      "acquired",
      "renewed",
      "quorumLost",
      "expired",
      "released",
      "failed",
    ];
    for (const name of [...names, "nodeDown", "nodeUp"] as "acquired"[])
      locks?.on(name, (event) => this.note(event));
    for (const method of ["log", "info", "warn", "error", "debug"] as const) {
      const spy = vi.spyOn(console, method).mockImplementation((...args) => this.note(args));
      onTestFinished(() => spy.mockRestore());
    }
    const warned = (warning: Error) => this.note(warning);
    process.on("warning", warned);
    onTestFinished(() => void process.off("warning", warned));
  }

  has(text: string): boolean {
    return this.#parts.some((part) => part.includes(text));
  }
}

describe("a token", () => {
  it("is in nothing that the locks say, show or throw", async () => {
    const prefix = uniqueName();
    const paper = new Paper();
    const nodes = [clients.ioredis(servers[0]!.port), clients.nodeRedis(servers[1]!.port), servers[2]!.url];
    const options = {
      prefix,
      owner: "keeper",
      ttl: 1_500,
      xstate: { inspect: (event: object) => paper.noteShort(event) },
    };
    const locks = locksOf(nodes, options);
    paper.listen(locks);
    const tokens: string[] = [];
    const read = async () => tokens.push(String(await callRedis(servers[0]!.port, ["GET", `${prefix}a`])));

    const handle = locks.handle("a", {
      onLost: (event) => {
        paper.note(event);
        throw new Error("a listener's own");
      },
    });
    handle.on("acquired", (event) => paper.note(event));
    const lease = await handle.acquire();
    await read();
    for (const thing of [lease, handle, locks, handle.lease, lease.signal]) paper.note(thing);
    paper.noteShort(
      "actor" in handle ? (handle.actor as { getSnapshot(): object }).getSnapshot() : undefined,
    );
    paper.note(await locks.inspect("a"));
    paper.note(await rejection(locks.acquire("a", { wait: 100 })));
    paper.note(await rejection(locks.acquire("a", { wait: 0 })));
    paper.note(await rejection(handle.acquire()));
    await lease.renew();
    await lease.release();
    paper.note(await rejection(lease.renew()));

    const taken = await handle.acquire();
    await read();
    for (const { port } of servers) await callRedis(port, ["DEL", `${prefix}a`]);
    await foreignSet(servers, `${prefix}a`, "the-foreign-secret");
    await waitUntil("the loss was noticed", 5_000, () => taken.signal.aborted);
    for (const thing of [taken, handle, taken.signal.reason, await rejection(taken.renew())])
      paper.note(thing);
    paper.note(await rejection(locks.acquire("a", { wait: 0 })));

    expect(tokens).toHaveLength(2);
    for (const token of tokens) {
      expect(token).toMatch(/^keeper~[\w-]{22}$/);
      expect(paper.has(token)).toBe(false);
      expect(paper.has(token.slice(token.indexOf("~") + 1))).toBe(false);
    }
    expect(paper.has("the-foreign-secret")).toBe(false);
    // It was listened to: what may be said was said.
    for (const said of ["keeper", "heldFor", "overdue", "tokenHash", "LOCK_CONTENDED", "@xstate."]) {
      expect(paper.has(said), said).toBe(true);
    }
  });

  it("is in a handover only, and not in the error about a broken one", async () => {
    const prefix = uniqueName();
    const locks = locksOf(
      servers.map(({ url }) => url),
      { prefix },
    );
    const lease = await locks.acquire("a");
    const token = String(await callRedis(servers[0]!.port, ["GET", `${prefix}a`]));
    const note = lease.handover();
    const paper = new Paper();
    paper.note(lease);
    paper.note(await rejection(locks.adopt(`${note}x.y`.replace("holdfast", "holdslow"))));
    paper.note(await rejection(locks.adopt(note.slice(0, -12))));
    const adopted = await locks.adopt(note);
    paper.note(adopted);
    paper.note(await rejection(locks.adopt(note)));
    expect(await adopted.release()).toBe("released");
    for (const secret of [token.slice(token.indexOf("~") + 1), note, note.slice(10)]) {
      expect(paper.has(secret)).toBe(false);
    }
  });
});

describe("a password", () => {
  const password = "p4ss/w:rd#?@%";
  const forms = [password, encodeURIComponent(password), "p4ss"];

  const kinds = {
    "an address": (port: number, secret: string) =>
      `redis://user:${encodeURIComponent(secret)}@127.0.0.1:${port}`,
    "an address without a user": (port: number, secret: string) =>
      `redis://:${encodeURIComponent(secret)}@127.0.0.1:${port}`,
    ioredis: (port: number, secret: string) => clients.ioredis(port, { password: secret }),
    "node-redis": (port: number, secret: string) => clients.nodeRedis(port, { password: secret }),
  };

  it.each(Object.entries(kinds))(
    "is in no event, error or name, right or wrong, given by %s",
    async (_, make) => {
      const own: RedisServer[] = await ownServers(3, { password });
      for (const server of own)
        await server.call("ACL", "SETUSER", "user", "on", `>${password}`, "~*", "&*", "+@all");
      const paper = new Paper();
      const right = locksOf(
        own.map(({ port }) => make(port, password)),
        { nodeTimeout: 2_000, ttl: 3_000 },
      );
      paper.listen(right);
      const lease = await right.acquire("a");
      for (const thing of [right, lease, await right.inspect("a")]) paper.note(thing);
      await own[0]!.restart();
      await lease.renew();
      await lease.release();
      await Promise.all([own[1]!.kill(), own[2]!.kill()]);
      paper.note(await rejection(right.tryAcquire("a")));
      const wrong = locksOf(
        own.map(({ port }) => make(port, `${password}-not`)),
        { nodeTimeout: 500 },
      );
      paper.note(await rejection(wrong.tryAcquire("a")));
      paper.note(await wrong.inspect("a"));
      expect(paper.has("QUORUM_UNAVAILABLE"), "QUORUM_UNAVAILABLE").toBe(true);
      for (const form of forms) expect(paper.has(form)).toBe(false);
    },
  );

  const broken = [
    "redis://user:p4ssword@",
    "redis://:p4ssword@host:not-a-port",
    "redis://user:p4ss/word@host:6379",
    "redis:/user:p4ssword@host",
    "user:p4ssword@host:6379",
    "http://user:p4ssword@host",
    "redis://host:6379/0?password=p4ssword",
    "redis://user:p4ss#word@host/x",
  ];
  it.each(broken)("is not in the refusal of a broken address: %s", (address) => {
    const paper = new Paper();
    try {
      createLocks({ nodes: [address] });
      expect.unreachable("it was accepted");
    } catch (error) {
      paper.note(error);
    }
    expect(paper.has("INVALID_OPTION"), "INVALID_OPTION").toBe(true);
    expect(paper.has("p4ss")).toBe(false);
  });

  it("is not in the refusal of clients that cannot be one quorum", () => {
    const address = (port: number, database: number) => `redis://user:p4ssword@127.0.0.1:${port}/${database}`;
    const paper = new Paper();
    const lists = [
      [address(servers[0]!.port, 0), address(servers[1]!.port, 1)],
      [address(servers[0]!.port, 0), address(servers[0]!.port, 0)],
    ];
    for (const nodes of lists) {
      try {
        createLocks({ nodes });
        expect.unreachable("they were accepted");
      } catch (error) {
        paper.note(error);
      }
    }
    expect(paper.has("DUPLICATE_NODE"), "DUPLICATE_NODE").toBe(true);
    expect(paper.has("p4ss")).toBe(false);
  });
});
