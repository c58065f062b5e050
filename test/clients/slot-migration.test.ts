import { describe, expect, test } from "vitest";
import { sendKeyByKey } from "../../src/clients/slot-migration.js";
import type { Reply, Request } from "../../src/engine/node/lock-node.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";

const granted: Reply = { kind: "granted" };
const denied: Reply = { kind: "denied", holder: null };
const failed: Reply = { kind: "failed", reason: "connection", message: "lost" };

/** Sends a command key by key. `replies` answers by "op key". Returns the commands sent, and the combined reply. */
function sendByKey(command: LockCommand, replies: Record<string, Reply> = {}) {
  const sent: string[] = [];
  let answer: Reply | undefined;
  // Like the engine's requests: a class whose methods need `this`.
  class TestRequest implements Request {
    readonly command = command;
    private given = false;
    wanted(): boolean {
      return !this.given;
    }
    answered(reply: Reply): void {
      if (this.given) throw new Error("answered twice");
      this.given = true;
      answer = reply;
    }
  }
  const request = new TestRequest();
  const possible = sendKeyByKey(request, ({ command: { op, keys }, answered }) => {
    expect(keys).toHaveLength(1);
    sent.push(`${op} ${keys[0]}`);
    answered(replies[sent.at(-1) ?? ""] ?? granted);
  });
  return { possible, sent, answer };
}

const acquire: LockCommand = { op: "acquire", keys: ["a", "b", "c"], token: "me~1", ttl: 1_000 };
const release: LockCommand = { op: "release", keys: ["a", "b"], token: "me~1" };

describe("a command on several keys of a slot that is being moved", () => {
  test("is granted when each key is", () => {
    expect(sendByKey(acquire)).toEqual({
      possible: true,
      sent: ["acquire a", "acquire b", "acquire c"],
      answer: granted,
    });
  });

  test("that is denied one key releases the others before it is answered", () => {
    expect(sendByKey(acquire, { "acquire b": denied })).toEqual({
      possible: true,
      sent: ["acquire a", "acquire b", "release a"],
      answer: denied,
    });
    expect(sendByKey(acquire, { "acquire a": denied })).toEqual({
      possible: true,
      sent: ["acquire a"],
      answer: denied,
    });
  });

  test("fails if it cannot release the granted keys, so that a release follows", () => {
    expect(sendByKey(acquire, { "acquire c": denied, "release b": failed })).toEqual({
      possible: true,
      sent: ["acquire a", "acquire b", "acquire c", "release a", "release b"],
      answer: failed,
    });
  });

  test("releases, renews and heals every key independently", () => {
    expect(sendByKey(release, { "release a": denied })).toEqual({
      possible: true,
      sent: ["release a", "release b"],
      answer: denied,
    });
    // A failed command must be repeated.
    expect(sendByKey(release, { "release a": denied, "release b": failed }).answer).toEqual(failed);
    for (const op of ["renew", "heal"] as const) {
      const command: LockCommand = { op, keys: ["a", "b"], token: "me~1", ttl: 1_000 };
      expect(sendByKey(command)).toEqual({ possible: true, sent: [`${op} a`, `${op} b`], answer: granted });
      expect(sendByKey(command, { [`${op} b`]: denied }).answer).toEqual(denied);
    }
  });

  test("reports every key", () => {
    const report = (key: string): Reply => ({ kind: "report", keys: [{ key, holder: null }] });
    const { answer } = sendByKey(
      { op: "inspect", keys: ["a", "b"] },
      { "inspect a": report("a"), "inspect b": report("b") },
    );
    expect(answer).toEqual({
      kind: "report",
      keys: [
        { key: "a", holder: null },
        { key: "b", holder: null },
      ],
    });
  });

  test("is not split if its parts would differ in effect, or if it has one key", () => {
    const several = { keys: ["a", "b"], token: "me~1" };
    const commands: LockCommand[] = [
      { ...acquire, keys: ["a"] },
      { ...acquire, fence: 7 },
      { ...several, op: "fence", fence: 7 },
      { ...several, op: "swap", from: "you~1", ttl: 1_000 },
      { ...several, op: "giveBack", from: "you~1", ttl: 1_000 },
    ];
    for (const command of commands) {
      expect(sendByKey(command)).toEqual({ possible: false, sent: [], answer: undefined });
    }
  });
});
