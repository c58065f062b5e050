import { connect, createServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { waitUntil } from "../support/wait-until.js";
import { clients, countKeys, locksOf, ownServers, type Ported } from "./support.js";

/** Creates locks as users do: with an address or with their own client. */
const nodesOf: Readonly<Record<string, (ports: readonly number[]) => Parameters<typeof locksOf>[0]>> = {
  addresses: (ports) => ports.map((port) => `redis://127.0.0.1:${port}`),
  ioredis: (ports) => ports.map((port) => clients.ioredis(port)),
  "node-redis": (ports) => ports.map((port) => clients.nodeRedis(port)),
};

describe.each(Object.keys(nodesOf))("a server that hung, with %s", (kind) => {
  it("stores no key from the requests of an ended connection when it continues", async () => {
    const servers = await ownServers(3);
    const locks = locksOf(nodesOf[kind]?.(servers.map(({ port }) => port)) ?? [], {
      prefix: "late:",
      ttl: 600_000,
      nodeTimeout: 100,
    });
    await locks.ready();
    const [hung] = servers;
    await hung?.suspend();
    const down = new Promise<void>((resolve) => void locks.once("nodeDown", () => resolve()));
    // The requests to the hung server are in its socket. The releases use a new connection.
    for (let job = 0; job < 20; job++) await locks.using(`job:${job}`, () => {});
    await down;
    for (let job = 0; job < 20; job++) await locks.using(`job:${job}`, () => {});
    await waitUntil("the connection is replaced", 20_000, async () => {
      const health = (await locks.inspect("job:0")).nodes[0]?.health;
      return health === "down" || health === "unresponsive";
    });
    hung?.resume();
    await waitUntil("nothing is left", 20_000, async () => (await countKeys(servers, "late:job")) === 0);
    await waitUntil("it votes again", 20_000, async () => {
      const { nodes } = await locks.inspect("job:0");
      return nodes.every(({ health }) => health === "ready");
    });
    expect(await countKeys(servers, "late:job")).toBe(0);
  });
});

/** A firewall between a program and its servers that can drop its connection table, so that no packet passes. */
async function dropTableFirewall(servers: readonly Ported[]) {
  const known = new Set<{ forgotten: boolean }>();
  const ports = await Promise.all(
    servers.map(
      ({ port }) =>
        new Promise<number>((resolve) => {
          const gate = createServer((near) => {
            const connection = { forgotten: false };
            known.add(connection);
            const far = connect(port, "127.0.0.1");
            const pass = (from: Socket, to: Socket) => {
              from.on("data", (data) => connection.forgotten || to.write(data));
              from.on("error", () => {});
              from.on("close", () => connection.forgotten || to.destroy());
              onTestFinished(() => void from.destroy());
            };
            pass(near, far);
            pass(far, near);
          });
          onTestFinished(() => void gate.close());
          gate.listen(0, "127.0.0.1", () => {
            const address = gate.address();
            if (typeof address === "object" && address !== null) resolve(address.port);
          });
        }),
    ),
  );
  return {
    ports,
    forget() {
      for (const connection of known) connection.forgotten = true;
    },
  };
}

describe.each(Object.keys(nodesOf))("connections that a firewall has forgotten, with %s", (kind) => {
  const behindGate = async (ttl: number) => {
    const servers = await ownServers(3);
    const gate = await dropTableFirewall(servers);
    const nodes = nodesOf[kind]?.(gate.ports) ?? [];
    return { servers, gate, locks: locksOf(nodes, { prefix: "nat:", nodeTimeout: 200, ttl }) };
  };

  it("are replaced, and a lock is granted over new ones", async () => {
    const { gate, locks } = await behindGate(5_000);
    await locks.using("warm", () => {});
    gate.forget();
    expect(await locks.using("job", { wait: 60_000 }, () => "granted")).toBe("granted");
  });

  it("do not keep close() from releasing what is held", async () => {
    const { servers, gate, locks } = await behindGate(600_000);
    await locks.ready();
    await locks.acquire("held");
    gate.forget();
    await locks.close({ timeout: 60_000 });
    // A quorum at least: one that is still silent does not hold up the end of a process.
    expect(await countKeys(servers, "nat:held")).toBeLessThan(2);
  });
});
