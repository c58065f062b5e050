import { expect, it, onTestFinished, vi } from "vitest";
import type { NodeInput } from "../../src/index.js";
import { callRedis, startServer } from "../support/servers.js";
import { clients, locksOf, rejection } from "./support.js";

const kinds: Record<string, (port: number) => NodeInput> = {
  "an address": (port) => `redis://127.0.0.1:${port}`,
  "ioredis without its ready check": (port) => clients.ioredis(port, { enableReadyCheck: false }),
  "node-redis": (port) => clients.nodeRedis(port),
};

it.each(Object.entries(kinds))(
  "a server whose INFO is renamed grants locks, and wakes waiters: %s",
  async (_, make) => {
    const printed = vi.spyOn(console, "warn");
    onTestFinished(() => printed.mockRestore());
    const server = await startServer({ configuration: 'rename-command INFO ""\n' });
    onTestFinished(() => server.stop());
    await expect(callRedis(server.port, ["INFO"])).rejects.toThrow("unknown command");
    const [ours, theirs] = [locksOf([make(server.port)]), locksOf([make(server.port)])];
    const held = await ours.acquire("a", { wait: 20_000 });
    expect((await rejection(theirs.acquire("a", { wait: 0 }))).code).toBe("LOCK_CONTENDED");
    const waiting = theirs.acquire("a", { wait: 20_000 });
    await held.release();
    await (await waiting).release();
    expect(printed).not.toHaveBeenCalled();
  },
);
