/**
 * Measures the code that one acquisition runs: npm run path -- [--list]
 * Uses one ioredis node and a listener. A first acquisition loads and connects everything. Then V8's precise coverage of
 * the unbundled build counts the source files in which a function ran and their lines, the functions, and the functions'
 * own lines in the built JavaScript, without nested functions.
 */
import { existsSync, readFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { createLocks } from "../build/esm/index.js";

const url = process.env.REDIS_URL ?? "redis://127.0.0.1:6379";
const built = new URL("../build/esm/", import.meta.url).href;

const linesIn = (text) => text.split("\n").length - 1;

/** Counts the lines of the functions that ran, without the lines of nested functions. */
function ownLines(ranges, text) {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  const lineAt = (offset) => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  let lines = 0;
  for (const { startOffset, endOffset, ran } of ranges) {
    if (!ran) continue;
    const inside = ranges.filter(
      (one) =>
        one.startOffset >= startOffset &&
        one.endOffset <= endOffset &&
        (one.startOffset !== startOffset || one.endOffset !== endOffset),
    );
    const [first, last] = [lineAt(startOffset), lineAt(endOffset - 1)];
    for (let line = first; line <= last; line++) {
      const [from, to] = [starts[line], starts[line + 1] ?? text.length];
      if (!inside.some((one) => one.startOffset <= from && one.endOffset >= to - 1)) lines++;
    }
  }
  return lines;
}

async function coverageOf(work) {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  await work();
  const { result } = await session.post("Profiler.takePreciseCoverage");
  await session.post("Profiler.stopPreciseCoverage");
  session.disconnect();
  return result.filter(({ url: file }) => file.startsWith(built));
}

const client = new Redis(url);
const locks = createLocks({ nodes: [client] });
locks.on("acquired", () => {});
const acquire = () => locks.acquire(`path-${process.pid}`, { ttl: 10_000 });
await (await acquire()).release();
let lease;
const scripts = await coverageOf(async () => {
  lease = await acquire();
});
await lease.release();
await locks.close();
client.disconnect();

const files = scripts.flatMap(({ url: file, functions }) => {
  const text = readFileSync(fileURLToPath(file), "utf8");
  // The range of a whole file is the module, not a function.
  const all = functions
    .filter(({ ranges: [range] }) => range.startOffset > 0 || range.endOffset < text.length)
    .map(({ functionName, ranges: [range] }) => ({ ...range, name: functionName, ran: range.count > 0 }));
  const ran = all.filter(({ ran: did }) => did);
  if (ran.length === 0) return [];
  const source = file.replace("/build/esm/", "/src/").replace(/\.js$/, ".ts");
  const path = fileURLToPath(source);
  const lines = existsSync(path) ? linesIn(readFileSync(path, "utf8")) : linesIn(text);
  return [{ path: source.split("/src/")[1], lines, functions: ran.length, own: ownLines(all, text) }];
});
const sum = (of) => files.reduce((total, file) => total + of(file), 0);
if (process.argv.includes("--list")) {
  for (const { path, lines, functions, own } of files.toSorted((a, b) => b.lines - a.lines)) {
    console.log(
      `${String(lines).padStart(5)} ${String(functions).padStart(4)} ${String(own).padStart(5)}  ${path}`,
    );
  }
}
console.log(`source files ${files.length}, their lines ${sum(({ lines }) => lines)}`);
console.log(`functions ${sum(({ functions }) => functions)}, their own lines ${sum(({ own }) => own)}`);
