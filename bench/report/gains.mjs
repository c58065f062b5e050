/** What a user gains, in four figures: the first paragraph of docs/performance.md. */
import { median } from "../stats.mjs";
import { counted, figure, percent } from "./format.mjs";
import { cheapest } from "./holding.mjs";
import { keptOf } from "./kept.mjs";
import { against, againstBestContender, againstBestPeer, least, most } from "./ratio.mjs";

const own = "holdfast";

const middle = (results, key) => median(results[own].map((round) => round[key]));
const bold = (text) => `**${text}**`;
const times = (ratio) => `${ratio.toFixed(2)} times`;

function throughput({ cells }) {
  const cell = cells.find(
    ({ client, nodes, callers }) => client === "ioredis" && nodes === 3 && callers === 100,
  );
  if (cell === undefined) return [];
  const pairs = bold(figure(middle(cell.results, "throughput")));
  const ratio = againstBestPeer(cell.results, own, "throughput", most);
  return [
    `100 callers acquire and release ${pairs} locks a second on three nodes, ${times(ratio)} the best peer's figure.`,
  ];
}

function contention({ cells }) {
  const cell = cells.find(({ nodes, processes }) => nodes === 3 && processes === 8);
  if (cell === undefined) return [];
  const ratio = (key, best) => times(againstBestContender(cell, own, key, best));
  const use = bold(percent(middle(cell.results, "utilisation")));
  const handover = `${figure(middle(cell.results, "handoverP50"))} ms`;
  const longest = bold(`${figure(middle(cell.results, "longest"))} ms`);
  return [
    `Eight processes that contend for one lock keep it in use ${use} of the time, ${ratio("utilisation", most)} the best peer's figure; handing it over takes ${handover}, ${ratio("handoverP50", least)} the best peer's.`,
    `The longest wait among them is ${longest}, ${ratio("longest", least)} the best peer's.`,
  ];
}

function holding({ cells }) {
  const cell = cells.find(({ leases, ttl }) => leases === 2_000 && ttl === 10_000);
  const kept = cell && keptOf(cell);
  if (!kept?.[own]) return [];
  const commands = bold(figure(middle(kept, "commands")));
  const ratio = againstBestPeer(kept, own, "commands", least);
  const cpu = (key) => times(against(kept, own, key, cheapest));
  return [
    `Holding 2,000 leases with a ttl of 10 s sends ${commands} commands a second to each node, ${times(ratio)} the best peer's figure, and takes ${cpu("cpu")} the client CPU and ${cpu("serverCpu")} the server CPU of ${cheapest}.`,
  ];
}

const parts = { a: throughput, b: contention, c: holding };

/** Formats the four figures of a full run; null if one of their scenarios was not measured in full. */
export function gainsReport({ environment, results }) {
  const sentences = Object.entries(parts).flatMap(([id, of]) => (results[id] ? of(results[id]) : []));
  if (sentences.length < 4) return null;
  const { date, cores, packages } = environment;
  return `${sentences.join(" ")} Holdfast ${packages.holdfast} on ${date}, on one machine with ${counted(cores, "core")} that also runs the servers: absolute figures belong to that machine. [Benchmarks](benchmarks.md) has all tables.`;
}
