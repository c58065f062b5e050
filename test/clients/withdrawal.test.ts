import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { recogniseNode } from "../../src/clients/recognise.js";
import { acquire, one, tokenOf } from "../contract/subject.js";

/** A node-redis client that never writes, as between a command and the loss of the connection in the same tick. */
class StalledClient extends EventEmitter {
  isOpen = true;
  isReady = true;
  readonly queue: AbortSignal[] = [];

  connect(): Promise<void> {
    return Promise.resolve();
  }

  set(): void {}

  eval(): void {}

  evalSha(): void {}

  sendCommand(_args: readonly string[], options?: { readonly abortSignal?: AbortSignal }): Promise<never> {
    const { abortSignal } = options ?? {};
    return new Promise((_, reject) => {
      if (abortSignal === undefined) throw new Error("nothing could withdraw this command");
      this.queue.push(abortSignal);
      abortSignal.addEventListener("abort", () => {
        this.queue.splice(this.queue.indexOf(abortSignal), 1);
        reject(new Error("aborted"));
      });
    });
  }

  break(): void {
    this.isReady = false;
    this.emit("error", new Error("Socket closed unexpectedly"));
  }
}

test("commands that node-redis has not written when the connection breaks are withdrawn from its queue", async () => {
  const client = new StalledClient();
  const node = recogniseNode(client, 0);
  const answers = [1, 2, 3].map(() => one(node, acquire("key", tokenOf("me"))));
  expect(client.queue).toHaveLength(3);
  client.break();
  expect(client.queue).toEqual([]);
  for (const answer of answers) {
    expect(await answer).toEqual({
      kind: "failed",
      reason: "connection",
      message: "connection lost (Socket closed unexpectedly)",
    });
  }
});

test("an error that leaves node-redis connected withdraws nothing", async () => {
  const client = new StalledClient();
  const node = recogniseNode(client, 0);
  const answer = one(node, acquire("key", tokenOf("me")));
  client.emit("error", new Error("a listener's mistake"));
  expect(client.queue).toHaveLength(1);
  client.break();
  expect(await answer).toMatchObject({ reason: "connection" });
});
