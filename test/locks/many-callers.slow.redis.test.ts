import { expect, it } from "vitest";
import type { Locks } from "../../src/index.js";
import { waitUntil } from "../support/wait-until.js";
import { clients, countKeys, fiveServers, locksOf, uniqueName } from "./support.js";

const count = 10_000;
const names = (start: string) => Array.from({ length: count }, (_, index) => `${start}${index}`);
const codeOf = (error: unknown) => (error as { code?: string }).code ?? String(error);

it("10,000 callers of one process are served on healthy servers: for one lock, for several locks, and for one lock each", {
  timeout: 120_000,
}, async () => {
  const prefix = uniqueName();
  const servers = fiveServers().slice(0, 3);
  const open = () =>
    locksOf(
      servers.map(({ port }) => clients.ioredis(port)),
      { prefix, wait: 60_000, ttl: 60_000 },
    );
  const [locks, holder] = [open(), open()];
  const failures: unknown[] = [];
  const note = (error: unknown) => void failures.push(codeOf(error));
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const wanted = [["a"], [`own${index}`], [`some${index % 300}`], [`x${index % 300}`, `y${index % 200}`]];
      const job = () => void (index % 4 === 0 && order.push(index));
      return locks.using(wanted[index % 4] as string[], job).catch(note);
    }),
  );
  expect(failures).toEqual([]);
  expect(order).toEqual(Array.from({ length: count / 4 }, (_, index) => index * 4));
  // 10,000 leases with waiters are released in one tick, and 10,000 other locks are requested.
  const acquire = (from: Locks, name: string) => from.acquire(name, { renew: false }).catch(note);
  const held = await Promise.all(names("held").map((name) => acquire(holder, name)));
  const waiting = names("held").map((name) => acquire(locks, name));
  // The last caller is served although 10,000 waiters poll.
  await locks.acquire("last");
  const released = held.map((lease) => lease?.release());
  const others = names("other").map((name) => acquire(holder, name));
  const leases = await Promise.all([...waiting, ...others]);
  await Promise.all(released);
  expect(failures).toEqual([]);
  await Promise.all(leases.map((lease) => lease?.release()));
  await Promise.all([locks.close(), holder.close()]);
  // A quorum has executed every release. The releases to the other server may still be in transit.
  await waitUntil("no key is left", 10_000, async () => (await countKeys(servers, prefix)) === 0);
});
