import { freePort } from "../../support/free-port.js";
import { waitUntil } from "../../support/servers.js";
import { type Incident, locksOf, server, usedLocks } from "./incident-scenes.js";

export const incidents: Incident[] = [
  {
    what: "a wrong password",
    induce: async () => ({ nodes: [(await server({ password: "right" })).url.replace("right", "wrong")] }),
    acquire: {
      code: "QUORUM_UNAVAILABLE",
      says: "(one: WRONGPASS …): correct the user or the password; waiting does not help; `holdfast doctor` examines the nodes",
    },
    doctor: {
      exits: 69,
      says: [
        "error unreachable: it does not accept the user or the password (WRONGPASS at AUTH) It is the only node: no lock can be acquired or renewed. → correct them in the address",
      ],
    },
  },
  {
    what: "no password",
    induce: async () => ({ nodes: [`redis://127.0.0.1:${(await server({ password: "right" })).port}`] }),
    acquire: {
      code: "QUORUM_UNAVAILABLE",
      says: "(one: NOAUTH Authentication required.): give the user and the password; waiting does not help; `holdfast doctor` examines the nodes",
    },
    doctor: {
      exits: 69,
      says: ["error unreachable: it wants a password (NOAUTH …) … → put it into the address:"],
    },
  },
  {
    what: "TLS to a server without TLS",
    induce: async () => ({ nodes: [(await server()).url.replace("redis:", "rediss:")] }),
    acquire: {
      code: "QUORUM_UNAVAILABLE",
      says: "(one: the server does not speak TLS on this port: use a redis:// address, or no TLS option): waiting does not help;",
    },
    doctor: {
      exits: 69,
      says: [
        "error unreachable: it does not answer to TLS (…) … → use redis:// if the server has no TLS there",
      ],
    },
  },
  {
    what: "a wrong port",
    induce: async () => ({ nodes: [`redis://127.0.0.1:${await freePort()}`] }),
    acquire: {
      code: "ACQUIRE_TIMEOUT",
      says: "(one: not connected after …: connect ECONNREFUSED 127.0.0.1:…): start the server, or correct host and port; `holdfast doctor`",
    },
    doctor: {
      exits: 69,
      says: [
        "error unreachable: nothing listens there (connect ECONNREFUSED …) … → start the server, or correct host and port",
      ],
    },
  },
  {
    what: "a name that does not resolve",
    induce: async () => ({ nodes: ["redis://locks.invalid:6379"] }),
    acquire: {
      code: "ACQUIRE_TIMEOUT",
      // Without a network, the code is EAI_AGAIN in place of ENOTFOUND.
      says: "(one: not connected after …: getaddrinfo E… locks.invalid): correct the host name, or the DNS; `holdfast doctor`",
    },
    doctor: {
      exits: 69,
      says: [
        "error unreachable: the host name is not known (getaddrinfo E… locks.invalid) … → correct the name, or the DNS",
      ],
    },
  },
  {
    what: "a node that hangs (SIGSTOP) before the process starts",
    induce: async () => {
      const one = await server();
      await one.suspend();
      return { nodes: [one.url] };
    },
    acquire: {
      code: "ACQUIRE_TIMEOUT",
      // The handshake ends by the time of the connection or of the client, whichever is over first.
      says: "(one: not connected …: …): check whether the server hangs, and the firewalls; `holdfast doctor`",
    },
    doctor: {
      exits: 69,
      says: [
        "error unreachable: it takes the connection and does not answer (no answer within 5 s) … → look whether the server hangs or is stopped",
      ],
    },
  },
  {
    what: "a node that hangs (SIGSTOP) while it is used",
    induce: async () => {
      const one = await server();
      const locks = await usedLocks([one.url]);
      await one.suspend();
      return { nodes: [one.url], locks };
    },
    acquire: {
      code: "ACQUIRE_TIMEOUT",
      // When the wait ends, the node was not answering, or its connection is being replaced.
      says: "(one: …): check …",
    },
    doctor: { exits: 69, says: ["error unreachable: it takes the connection and does not answer"] },
  },
  {
    what: "a node that is full (maxmemory, noeviction)",
    induce: async () => {
      const one = await server();
      const locks = await usedLocks([one.url]);
      await one.call("SET", "filler", "x".repeat(5_000_000));
      await one.call("CONFIG", "SET", "maxmemory", "4mb");
      return { nodes: [one.url], locks };
    },
    acquire: {
      code: "ACQUIRE_TIMEOUT",
      says: "(one: …OOM …): free memory or raise maxmemory",
    },
    doctor: {
      exits: 2,
      says: [
        "error writes: it refuses writes (OOM …) It is full and refuses to grant locks: its votes fail. → make room, or raise maxmemory",
        "error memory: … MiB of a maxmemory of 4 MiB are used, … %",
      ],
    },
  },
  {
    what: "a node that is full before it was ever used",
    induce: async () => ({ nodes: [(await server({ args: ["--maxmemory", "1"] })).url] }),
    acquire: {
      code: "ACQUIRE_TIMEOUT",
      says: "(one: its marker (holdfast:memory) cannot be written: OOM …): free memory or raise maxmemory",
    },
    doctor: { exits: 2, says: ["error writes: it refuses writes (OOM"] },
  },
  {
    what: "a node that is a replica",
    induce: async () => {
      const master = await server({ args: ["--repl-diskless-sync-delay", "0"] });
      const replica = await server({ args: ["--replicaof", `127.0.0.1 ${master.port}`] });
      await waitUntil("the replica follows", 20_000, async () =>
        String(await replica.call("INFO", "replication")).includes("master_link_status:up"),
      );
      return { nodes: [replica.url] };
    },
    acquire: {
      code: "ACQUIRE_TIMEOUT",
      says: "(one: …READONLY …): point the client to the master",
    },
    doctor: {
      exits: 2,
      says: [
        "error replication: it is a replica of 127.0.0.1:… It refuses writes: its votes fail. … → name its master instead",
        "error writes: it refuses writes (READONLY …) … → name its master instead",
      ],
    },
  },
  {
    what: "a node that was restarted empty, of three: the others vote",
    induce: async () => {
      const servers = [await server(), await server(), await server()] as const;
      const nodes = servers.map(({ url }) => url);
      await usedLocks(nodes, { ttl: 60_000 });
      await servers[0].restart();
      return { nodes };
    },
    acquire: "granted",
    doctor: {
      exits: 1,
      says: [
        "warning memory-marker: one does not vote: it is new, or lost its memory; it votes again in … Leases that it may have granted have not run out. … → wait (holdfast doctor --wait 5m);",
      ],
    },
  },
  {
    what: "two nodes that were restarted empty, of three",
    induce: async () => {
      const servers = [await server(), await server(), await server()] as const;
      const nodes = servers.map(({ url }) => url);
      await usedLocks(nodes, { ttl: 60_000 });
      await Promise.all([servers[0].restart(), servers[1].restart()]);
      return { nodes };
    },
    acquire: {
      code: "ACQUIRE_TIMEOUT",
      says: "(one: it is new, or lost its memory; it votes again in … s; two: it is new, or lost its memory; it votes again in … s;",
    },
    doctor: {
      exits: 1,
      says: [
        "warning memory-marker: one does not vote: it is new, or lost its memory; it votes again in … s",
        "warning memory-marker: two does not vote: it is new, or lost its memory; it votes again in … s",
      ],
    },
  },
  {
    what: "two nodes that are the same server",
    induce: async () => {
      const { port, url } = await server();
      return { nodes: [url, `redis://localhost:${port}`] };
    },
    acquire: {
      code: "DUPLICATE_NODE",
      says: "nodes … and … are the same server: a quorum needs independent servers. Remove one of them,",
    },
    doctor: {
      exits: 2,
      says: [
        "error duplicate: one and two are the same server One server would have several votes. Holdfast refuses to lock with them (DUPLICATE_NODE). → name each server once",
      ],
    },
  },
  {
    what: "a user without a right (ACL)",
    induce: async () => {
      const one = await server();
      await one.call("ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all", "-@scripting");
      return { nodes: [one.url.replace("//", "//app:secret@")] };
    },
    acquire: {
      code: "QUORUM_UNAVAILABLE",
      says: "(one: NOPERM … 'evalsha' command…; `holdfast doctor` names the missing right): waiting does not help",
    },
    doctor: {
      exits: 2,
      says: [
        "error rights-lock: the user may not use EVAL and EVALSHA Locks need it: its votes fail. → ACL SETUSER <user> +eval +evalsha",
      ],
    },
  },
  {
    what: "a user without a right to the keys (ACL)",
    induce: async () => {
      const one = await server();
      await one.call("ACL", "SETUSER", "app", "on", ">secret", "~other:*", "&*", "+@all");
      return { nodes: [one.url.replace("//", "//app:secret@")] };
    },
    acquire: {
      code: "QUORUM_UNAVAILABLE",
      says: "(one: NOPERM … keys …; `holdfast doctor` names the missing right): waiting does not help",
    },
    doctor: {
      exits: 2,
      says: [
        "error rights-lock: the user may not use the keys * Locks need it: its votes fail. → ACL SETUSER <user> ~*",
      ],
    },
  },
  {
    what: "clocks that are 10 s apart: no lease depends on that",
    induce: async () => {
      const servers = [await server(), await server(), await server({ clockAhead: 10 })];
      return { nodes: servers.map(({ url }) => url) };
    },
    acquire: "granted",
    doctor: {
      exits: 1,
      says: [
        "warning clock: its clock is … ms ahead of this machine's, … A constant difference affects no lease, no fence and no queue:",
        "warning clocks-apart: the nodes' clocks are up to … ms apart: three is ahead of … → look at NTP on these nodes;",
      ],
    },
  },
  {
    what: "sets of nodes that differ, where that is to be refused",
    induce: async () => {
      const servers = [await server(), await server(), await server()];
      const nodes = servers.map(({ url }) => url);
      await usedLocks(nodes);
      await usedLocks(nodes.slice(0, 1), { otherSets: "allow" });
      return { nodes, locks: locksOf(nodes, { otherSets: "refuse" }) };
    },
    acquire: {
      code: "MEMBERSHIP_MISMATCH",
      says: "one is also used by a set of 1 node, last … ago, and this set has 3 nodes: … Give all processes the same nodes.",
    },
    doctor: {
      exits: 1,
      says: [
        "warning sets: 2 sets that could grant the same lock use these nodes: 3 nodes, named here, last … ago; 1 node, one, last … ago A quorum of the one need not share a node with a quorum of the other, so both may grant the same lock (MEMBERSHIP_MISMATCH).",
      ],
    },
  },
];
