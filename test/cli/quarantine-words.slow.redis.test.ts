import picocolors from "picocolors";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { managerOf } from "../../src/api/managed-locks.js";
import { linesOf } from "../../src/cli/watch/lines.js";
import { pictureOf } from "../../src/cli/watch/picture.js";
import { createLocks, type Locks } from "../../src/index.js";
import { FrameAggregate } from "../../src/inspector/feed/frame-aggregate.js";
import type { Beat } from "../../src/inspector/feed/frames.js";
import { Tracker } from "../../src/inspector/feed/tracker.js";
import { nodeStatus } from "../../visualizations/inspector/src/model/node-status.js";
import { ReceivedFrames } from "../inspector/feed/tracked.js";
import { type RedisServer, startServer, waitUntil } from "../support/servers.js";
import { endAll, holdfast } from "./support/holdfast.js";

const started: RedisServer[] = [];
const managers: Locks[] = [];

afterEach(async () => {
  await endAll();
  await Promise.all(managers.splice(0).map((locks) => locks.close()));
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

/** The places that show a quarantine: for each the text that shows it. */
interface Shown {
  readonly [place: string]: string;
}

/** Everything that shows the quarantine of the first of three servers. `held`: a lease of this ttl is held meanwhile. */
async function shown(held: number): Promise<{ texts: Shown; until: number; cause: string }> {
  const nodes = await Promise.all([0, 1, 2].map(() => startServer()));
  started.push(...nodes);
  const [first, second] = nodes as [RedisServer, RedisServer];
  const locks = createLocks({ nodes: nodes.map(({ url }) => url), ttl: 60_000, nodeTimeout: 300 });
  managers.push(locks);
  await (await locks.acquire("first")).release();
  await locks.acquire("long", { ttl: held, renew: false });
  await first.call("FLUSHALL");
  await (await locks.acquire("noticed")).release();
  const condition = async () => (await locks.inspect("a")).nodes[0]?.quarantine;
  // The end moves until the settling time is over.
  await waitUntil("the abstention is settled", 20_000, async () =>
    String(await first.call("GET", "holdfast:memory")).startsWith("= "),
  );
  await waitUntil("the end is known", 20_000, async () => (await condition())?.until != null);
  const { until, cause } = (await condition()) as { until: number; cause: string };

  const frames = new ReceivedFrames();
  const tracker = new Tracker(managerOf(locks), {});
  onTestFinished(() => tracker.stop());
  tracker.listen((frame) => frames.take(frame));
  await waitUntil("a beat", 20_000, () => frames.kinds().includes("beat"));
  const beat = frames.frames.find(({ kind }) => kind === "beat") as Beat;
  const [node] = beat.nodes;
  const colours = picocolors.createColors(false);
  const scene = { aggregate: frames.view, asked: new Map(), prefix: undefined, notes: [] };

  // With the second node away, an acquisition fails, and its error says why the first one did not vote.
  await second.suspend();
  const error = await locks.acquire("a", { retry: { count: 0 }, wait: 5_000 }).catch(String);
  second.resume();

  const args = nodes.flatMap(({ url }) => ["--node", url]);
  const [inspect, doctor, waiting, admit] = await Promise.all([
    holdfast(["inspect", "a", ...args]),
    holdfast(["doctor", ...args, "--json"]),
    holdfast(["doctor", "--wait", "1s", ...args]),
    holdfast(["admit", ...args.slice(0, 2)]),
  ]);
  const { found } = JSON.parse(doctor.stdout).set.find(
    ({ code }: { code: string }) => code === "memory-marker",
  );
  const texts = {
    error: String(error),
    inspect: inspect.stdout,
    doctor: found,
    "doctor --wait": waiting.stderr,
    admit: admit.stdout,
    page: `${node?.cause}; ${nodeStatus({ state: "quarantined", until: node?.until ?? null }, beat.time)}`,
    "watch, lines": linesOf(beat, new FrameAggregate(), colours, true).join("\n"),
    "watch, table": pictureOf(scene, beat.time).notes.join("\n"),
  };
  return { texts, until, cause };
}

/** The end in epoch ms that a text names. The shown duration is rounded to a minute at most. */
const endIn = (text: string): number => {
  const [, amount, unit, more = "0"] =
    /votes again in ([\d.]+) (s|min|h)(?: (\d+) (?:s|min))?/.exec(text) ?? [];
  const size = { s: 1_000, min: 60_000, h: 3_600_000 }[unit as "s" | "min" | "h"];
  return Date.now() + Number(amount) * size + (Number(more) * size) / 60;
};

describe("a quarantine is shown in the same words everywhere", () => {
  test.each([
    ["after short leases", 60_000, "it is new, or lost its memory"],
    ["with a long lease", 7_200_000, "it is new, or lost its memory, and waits for leases longer than 1 min"],
  ])("%s", async (_, ttl, beginning) => {
    const { texts, until, cause } = await shown(ttl);
    expect(cause.startsWith(beginning)).toBe(true);
    const tolerance = ttl > 60_000 ? 120_000 : 30_000;
    for (const [place, text] of Object.entries(texts)) {
      expect(text, place).toContain(cause);
      expect(text, place).toMatch(/\bvotes again in \d/);
      expect(Math.abs(endIn(text) - until), `${place}: ${text}`).toBeLessThan(tolerance);
    }
  });
});
