import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { type ConnectionSource, ConnectionWatch } from "../../src/clients/connection-watch.js";
import { silence, wrongServer } from "../../src/clients/replacement.js";

type State = "fresh" | "trying" | "ready" | "over";

function watched<Watch extends ConnectionWatch = ConnectionWatch>(
  throwsUnhandled = false,
  Class: new (source: ConnectionSource) => Watch = ConnectionWatch as never,
) {
  const emitter = new EventEmitter();
  let state: State = "fresh";
  const source: ConnectionSource = {
    emitter,
    events: ["change", "connect"],
    errors: ["error"],
    closed: "end",
    throwsUnhandled,
    read: () => state,
  };
  const watch = new Class(source);
  const seen: [string, Error | undefined][] = [];
  const become = (next: State, event = "change", ...args: unknown[]) => {
    state = next;
    emitter.emit(event, ...args);
  };
  return {
    emitter,
    watch,
    seen,
    become,
    subscribe: () => watch.watch((...heard) => seen.push([heard[0], heard[1]])),
  };
}

describe("the connection of a client", () => {
  test("is connecting until it is first ready, and down after that whenever it is not ready", () => {
    const { watch, seen, become, subscribe } = watched();
    subscribe();
    become("trying");
    become("ready");
    become("trying");
    become("ready");
    become("over");
    expect(seen.map(([connection]) => connection)).toEqual(["ready", "down", "ready", "down"]);
    expect(watch.connection).toBe("down");
  });

  test("is down when it was closed before it was ever ready, until it is opened again", () => {
    const { watch, become, subscribe } = watched();
    subscribe();
    become("trying");
    become("fresh", "end");
    expect(watch.connection).toBe("down");
    become("trying");
    expect(watch.connection).toBe("connecting");
  });

  test("goes down with its cause, as a message alone: error properties of clients may contain a password", () => {
    const { watch, seen, become, subscribe } = watched();
    subscribe();
    become("ready");
    const error = Object.assign(new Error("WRONGPASS invalid password"), {
      command: { name: "auth", args: ["s3cret"] },
    });
    become("trying", "error", error);
    const [, cause] = seen.at(-1) ?? [];
    expect(cause?.message).toBe("WRONGPASS invalid password");
    expect(cause).not.toHaveProperty("command");
    expect(watch.trouble).toBe("WRONGPASS invalid password");
    become("ready");
    expect(watch.trouble).toBe("");
  });

  test("is not refused any longer when the server accepts it, and a wrong password stays one", () => {
    const { watch, become, subscribe } = watched();
    subscribe();
    become("ready");
    become("trying", "error", new Error("connect ECONNREFUSED 10.0.0.1:6379"));
    expect(watch.trouble).toBe("connect ECONNREFUSED 10.0.0.1:6379");
    become("trying", "connect");
    expect(watch.trouble).toMatch(/^the server accepts the connection, and has not answered/);
    become("trying", "error", new Error("WRONGPASS invalid password"));
    become("trying", "connect");
    expect(watch.trouble).toBe("WRONGPASS invalid password");
  });

  test("is down while the server has refused the database, until another attempt to connect", () => {
    const { watch, seen, become, subscribe } = watched();
    subscribe();
    become("trying", "connect");
    become("trying", "error", new Error("ERR DB index is out of range"));
    become("ready");
    expect(watch.connection).toBe("down");
    expect(watch.troubleLasts).toBe(true);
    expect(seen.at(-1)).toMatchObject(["down", { message: expect.stringContaining("DB index") }]);
    become("trying", "connect");
    become("ready");
    expect(watch.connection).toBe("ready");
    expect(watch.trouble).toBe("");
  });

  test("goes down when the server refuses the database after the client was ready", () => {
    const { watch, seen, become, subscribe } = watched();
    subscribe();
    become("ready");
    become("ready", "error", new Error("ERR DB index is out of range"));
    expect(seen.map(([connection]) => connection)).toEqual(["ready", "down"]);
    expect(watch.troubleLasts).toBe(true);
  });

  describe("when it is replaced", () => {
    class Replaceable extends ConnectionWatch {
      readonly replace = this.replaceBy;
    }
    const silent = "connection lost (it was silent for too long and has been replaced)";

    test("goes down for that reason, although the client is closed and opened again", () => {
      const { watch, seen, become, subscribe } = watched(false, Replaceable);
      subscribe();
      become("ready");
      const outcome = watch.replace(silence, () => {
        become("fresh", "end");
        become("trying");
        return "replacing";
      });
      expect(outcome).toBe("replacing");
      expect(seen.at(-1)).toMatchObject(["down", { message: silent }]);
      expect(watch.trouble).toBe(silent);
      become("trying", "error", new Error("connect ECONNREFUSED"));
      expect(watch.trouble).toBe("connect ECONNREFUSED");
      become("ready");
      expect(watch.trouble).toBe("");
      become("fresh", "end");
      expect(watch.trouble).toMatch(/^the client is closed/);
    });

    test("goes down for that reason, although the client notices it later", () => {
      const { watch, become, subscribe } = watched(false, Replaceable);
      subscribe();
      become("ready");
      watch.replace(wrongServer("READONLY no"), () => "replacing");
      expect(watch.trouble).toBe("");
      become("trying");
      expect(watch.trouble).toMatch(
        /it led to a server that takes no locks and has been replaced: READONLY no/,
      );
    });

    test("keeps its own reason if it could not be replaced", () => {
      const { watch, become, subscribe } = watched(false, Replaceable);
      subscribe();
      become("ready");
      expect(watch.replace(silence, () => "busy")).toBe("busy");
      become("trying");
      expect(watch.trouble).toBe("");
    });
  });

  test("has one listener per event, and none without watchers", () => {
    const { emitter, subscribe } = watched();
    const stops = [subscribe(), subscribe(), subscribe()];
    expect(["change", "connect", "error", "end"].map((name) => emitter.listenerCount(name))).toEqual([
      1, 1, 1, 1,
    ]);
    for (const stop of [...stops, ...stops]) stop();
    expect(emitter.eventNames()).toEqual([]);
  });

  test("keeps an open emitter from throwing errors, whether or not its owner listens later", () => {
    const alone = watched(true);
    alone.become("ready");
    alone.subscribe()();
    expect(() => alone.emitter.emit("error", new Error("unheard"))).not.toThrow();
    alone.subscribe()();
    expect(alone.emitter.listenerCount("error")).toBe(1);

    const owned = watched(true);
    owned.become("ready");
    const heard: unknown[] = [];
    owned.emitter.on("error", (error) => heard.push(error));
    for (let time = 0; time < 3; time++) owned.subscribe()();
    expect(owned.emitter.listenerCount("error")).toBe(2);
    owned.emitter.emit("error", new Error("heard"));
    expect(heard).toHaveLength(1);

    const closed = watched(true);
    closed.subscribe()();
    expect(closed.emitter.listenerCount("error")).toBe(0);
  });
});
