import { median } from "../stats.mjs";
import { lockNames, namesFor } from "../systems.mjs";
import { counted, figure, named, ranged, table, times } from "./format.mjs";
import { againstBestPeer, most } from "./ratio.mjs";

const over = (rounds, key) => rounds.map((round) => round[key]);

const columns = [
  ["nodes", ({ cell, first }) => (first ? cell.nodes : "")],
  ["system", ({ name }) => named(name)],
  ["pairs/s", ({ rounds }) => ranged(over(rounds, "throughput"))],
  ["to the best peer", ({ cell, name }) => times(againstBestPeer(cell.results, name, "throughput", most))],
  ["p50, ms", ({ rounds }) => ranged(over(rounds, "p50"))],
  ["p99, ms", ({ rounds }) => figure(median(over(rounds, "p99")))],
  ["max, ms", ({ rounds }) => figure(Math.max(...over(rounds, "max")))],
  ["CPU, µs", ({ rounds }) => figure(median(over(rounds, "cpu")))],
  ["commands", ({ rounds }) => figure(median(over(rounds, "commands")))],
  ["with scripts'", ({ rounds }) => figure(median(over(rounds, "processed")))],
];

const rowsOf = (cell) =>
  Object.entries(cell.results).map(([name, rounds], index) => ({ cell, name, rounds, first: index === 0 }));

export function uncontendedReport({ ttl, rounds, duration, callers, cells }) {
  const parts = [
    "### a. Uncontended",
    `Acquire and release of distinct resources, ttl ${ttl / 1_000} s; ${counted(rounds, "round")} of ${duration} ms each, in turns. A pair is one acquire and one release; CPU is the client process's, for each pair. Commands are those sent to each node for each pair, and those the node ran, including inside scripts. On one node, redis-semaphore is its Mutex and redlock-universal its createLock, made for that. The bare client only sends SET NX PX and a script that compares and deletes; grouped, all of a tick of the event loop as one script.`,
  ];
  for (const client of ["ioredis", "node-redis"]) {
    for (const count of callers) {
      const rows = cells.filter((cell) => cell.client === client && cell.callers === count).flatMap(rowsOf);
      const absent = lockNames.filter((name) => !namesFor(client).includes(name));
      parts.push(`#### ${client}, ${counted(count, "caller")}`, table(rows, columns, 2));
      if (absent.length > 0) parts.push(`Not possible with ${client}: ${absent.join(", ")}.`);
    }
  }
  return parts;
}
