import { AsyncLocalStorage } from "node:async_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterEach, describe, expect, it } from "vitest";
import { createLocks, type Locks, type LocksOptions } from "../../src/index.js";
import Redlock from "../../src/redlock.js";
import { uniqueKey } from "../contract/subject.js";
import { waitUntil } from "../support/servers.js";
import { sharedServers } from "../support/shared-servers.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const requests = new AsyncLocalStorage<string>();

/** A Redis command, and the request in whose context it was sent; undefined if in none. */
interface Sent {
  readonly name: string;
  readonly request: string | undefined;
}

/** An ioredis client that records the context of each script call. */
class RecordingRedis extends Redis {
  readonly calls: Sent[] = [];

  override sendCommand(...[command, stream]: Parameters<Redis["sendCommand"]>): unknown {
    if (/^eval/.test(command.name)) this.calls.push({ name: command.name, request: requests.getStore() });
    return super.sendCommand(command, stream);
  }
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const servers = sharedServers().slice(0, 3);

function recordingClients(): RecordingRedis[] {
  const clients = servers.map(({ port }) => new RecordingRedis(port));
  closers.push(() => {
    for (const client of clients) client.disconnect();
  });
  return clients;
}

function locksOver(nodes: LocksOptions["nodes"], options: Partial<LocksOptions> = {}): Locks {
  const locks = createLocks({ nodes, ...options });
  closers.push(() => locks.close());
  return locks;
}

const inRequest = <T>(name: string, job: () => Promise<T>): Promise<T> => requests.run(name, job);

describe("the asynchronous context", () => {
  it("of an event is that of the acquisition, when many requests acquire at once", async () => {
    const locks = locksOver(recordingClients());
    const seen: [event: string, resource: string, request: string | undefined][] = [];
    for (const name of ["acquiring", "acquired", "renewed", "released"] as const) {
      locks.on(name, ({ resources }: { readonly resources: readonly string[] }) => {
        seen.push([name, resources[0] ?? "", requests.getStore()]);
      });
    }
    const prefix = uniqueKey();
    await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        inRequest(`${prefix}:${index}`, () =>
          locks.using(`${prefix}:${index}`, async (lease) => {
            await lease.renew();
          }),
        ),
      ),
    );
    expect(seen).toHaveLength(400);
    expect(seen.filter(([, resource, request]) => resource !== request)).toEqual([]);
  });

  it("of events of waiters that are woken or refused is their own", async () => {
    const locks = locksOver(recordingClients());
    const resource = uniqueKey();
    const seen: string[] = [];
    for (const name of ["retrying", "acquired", "failed"] as const) {
      locks.on(name, () => void seen.push(`${name} ${requests.getStore()}`));
    }
    const holder = await inRequest("holder", () => locks.acquire(resource));
    const impatient = inRequest("impatient", () =>
      locks.acquire(resource, { wait: 30 }).catch((error: unknown) => error),
    );
    await impatient;
    const waiting = inRequest("waiter", () => locks.acquire(resource));
    await inRequest("nobody", async () => {
      while (!seen.includes("retrying waiter")) await new Promise((resolve) => setTimeout(resolve, 5));
    });
    await inRequest("releaser", () => holder.release());
    await (await waiting).release();
    expect(seen).toEqual(
      expect.arrayContaining(["acquired holder", "failed impatient", "retrying waiter", "acquired waiter"]),
    );
    expect(seen.filter((one) => /nobody|releaser|undefined/.test(one))).toEqual([]);
  });

  it("of the retry policy, of onLost and of the signal's listeners is that of the acquisition", async () => {
    const clients = recordingClients();
    const locks = locksOver(clients);
    const seen: string[] = [];
    const note = (what: string) => void seen.push(`${what} ${requests.getStore()}`);
    const resource = uniqueKey();
    const lease = await inRequest("holder", () => locks.acquire(resource, { onLost: () => note("onLost") }));
    lease.signal.addEventListener("abort", () => note("abort"));
    const retry = () => {
      note("retry");
      return false as const;
    };
    await inRequest("denied", () => locks.acquire(resource, { retry }).catch(() => {}));
    await Promise.all(clients.map((client) => client.del(resource)));
    await inRequest("renewer", () => lease.renew().catch(() => {}));
    expect(seen.sort()).toEqual(["abort holder", "onLost holder", "retry denied"]);
  });

  it("of a call for one caller is that of the acquisition", async () => {
    const clients = recordingClients();
    const locks = locksOver(clients);
    await locks.ready();
    const resource = uniqueKey();
    for (const client of clients) client.calls.length = 0;
    const lease = await inRequest("one", () => locks.acquire(resource));
    await inRequest("other", () => lease.renew());
    await inRequest("another", () => lease.release());
    for (const { calls } of clients)
      expect(calls.map(({ request }) => request)).toEqual(["one", "one", "one"]);
  });

  it("of a call for several callers is that of none", async () => {
    const clients = recordingClients();
    const locks = locksOver(clients);
    await locks.ready();
    for (const client of clients) client.calls.length = 0;
    const prefix = uniqueKey();
    const leases = await Promise.all(
      ["a", "b"].map((name) => inRequest(name, () => locks.acquire(`${prefix}:${name}`))),
    );
    for (const { calls } of clients) expect(calls.map(({ request }) => request)).toEqual([undefined]);
    await Promise.all(leases.map((lease) => lease.release()));
  });

  it("of calls through node-redis is chosen in the same way", async () => {
    const [{ port } = { port: 0 }] = servers;
    const client = createClient({ url: `redis://127.0.0.1:${port}` });
    client.on("error", () => {});
    const seen: (string | undefined)[] = [];
    // The object of createClient inherits from the client that sends.
    const sender = Object.getPrototypeOf(client) as { sendCommand(args: string[], options: object): unknown };
    const send = sender.sendCommand;
    sender.sendCommand = function (args, options) {
      if (/^EVAL/.test(args[0] ?? "")) seen.push(requests.getStore());
      return Reflect.apply(send, this, [args, options]);
    };
    await client.connect();
    closers.push(() => client.destroy());
    const locks = locksOver([client as never]);
    await locks.ready();
    seen.length = 0;
    const prefix = uniqueKey();
    const lease = await inRequest("one", () => locks.acquire(prefix));
    const others = await Promise.all(
      ["a", "b"].map((name) => inRequest(name, () => locks.acquire(`${prefix}:${name}`))),
    );
    expect(seen).toEqual(["one", undefined]);
    await Promise.all([lease, ...others].map((one) => one.release()));
  });

  it("of an error event of the Redlock class is that of the acquisition", async () => {
    const [client] = recordingClients() as [RecordingRedis];
    const redlock = new Redlock([client], { retryCount: 0 });
    closers.push(() => redlock.quit());
    const seen: (string | undefined)[] = [];
    redlock.on("error", () => seen.push(requests.getStore()));
    const [one, two] = [uniqueKey(), uniqueKey()];
    await Promise.all([client.set(one, "taken", "PX", 60_000), client.set(two, "taken", "PX", 60_000)]);
    const refused = (name: string, key: string) =>
      inRequest(name, () => redlock.acquire([key], 1_000).catch(() => {}));
    await Promise.all([refused("a", one), refused("b", two)]);
    await waitUntil("both errors were reported", 10_000, async () => seen.length >= 2);
    expect([...seen].sort()).toEqual(["a", "b"]);
    await Promise.all([client.del(one), client.del(two)]);
  });

  it("of the first caller is not kept alive by the connection, the subscription and the timers", async () => {
    const [{ url } = { url: "" }] = servers;
    const objects = new AsyncLocalStorage<object>();
    const locks = locksOver([url]);
    const resource = uniqueKey();
    const first = async () => {
      const request = { body: "large" };
      await objects.run(request, async () => {
        const holder = await locks.acquire(resource);
        const waiting = locks.acquire(resource, { wait: 50 }).catch(() => {});
        await waiting;
        await holder.release();
      });
      return new WeakRef(request);
    };
    const request = await first();
    const other = await locks.acquire(resource);
    await waitUntil("the request is collected", 20_000, async () => {
      collect();
      return request.deref() === undefined;
    });
    await other.release();
  });
});
