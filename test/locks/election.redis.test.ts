import { describe, expect, it } from "vitest";
import { callRedis } from "../support/servers.js";
import { sharedServers } from "../support/shared-servers.js";
import { waitUntil } from "../support/wait-until.js";
import { type Child, runFixture } from "./child.js";
import { countKeys, locksOf, timed, uniqueName } from "./support.js";

const servers = sharedServers().slice(0, 3);
const ports = servers.map(({ port }) => String(port));
const ttl = 2_000;

interface Line {
  readonly candidate: number;
  readonly text: string;
}

/** Starts candidates, each in a process of its own, one after the other. The first one leads. */
async function start(count: number, prefix: string) {
  const lines: Line[] = [];
  const children: Child[] = [];
  for (let candidate = 0; candidate < count; candidate++) {
    const child = runFixture("candidate", [`candidate-${candidate}`, prefix, String(ttl), ...ports]);
    child.onLine((text) => lines.push({ candidate, text }));
    children.push(child);
    if (candidate === 0) await waitUntil("the first one leads", 20_000, () => elected(lines).length === 1);
    else await waiting(prefix, candidate);
  }
  return { children, lines };
}

/** Waits until this number of candidates waits in the queues of the nodes. */
async function waiting(prefix: string, count: number): Promise<void> {
  const places = async () => {
    const cards = servers.map(({ port }) => callRedis(port, ["ZCARD", `holdfast:queue:${prefix}scheduler`]));
    return (await Promise.all(cards)).map(Number);
  };
  await waitUntil(`${count} candidates wait`, 20_000, async () =>
    (await places()).every((members) => members >= 2 * count),
  );
}

const elected = (lines: readonly Line[]) =>
  lines.flatMap(({ candidate, text }) => {
    const [, term, fence, time] = /^elected (\d+) (\d+) (\d+)$/.exec(text) ?? [];
    return term === undefined
      ? []
      : [{ candidate, term: Number(term), fence: Number(fence), time: Number(time) }];
  });

/** Ends a leadership. Returns the next leader, and the ms until it led, less what a busy machine may have added. */
async function leaderAfter(lines: readonly Line[], end: () => void) {
  const count = elected(lines).length;
  const began = Date.now();
  const { slack } = await timed(() => {
    end();
    return waitUntil("there is a next leader", 20_000, () => elected(lines).length > count);
  });
  const next = elected(lines)[count];
  if (next === undefined) throw new Error("there is no leader");
  return { next, ms: next.time - began - slack };
}

/** ms within which a leader that hands over is followed by the next one. */
const handover = 1_000;

describe("an election between processes", () => {
  it("has a next leader within the ttl and a second after the leader was killed", async () => {
    const { children, lines } = await start(3, uniqueName());
    const { next, ms } = await leaderAfter(lines, () => children[0]?.kill("SIGKILL"));
    expect(next.candidate).toBe(1);
    expect(ms).toBeLessThanOrEqual(ttl + 1_000);
  });

  it("has a next leader within a second after the leader has resigned, which waits behind the others", async () => {
    const prefix = uniqueName();
    const { children, lines } = await start(3, prefix);
    const order = [];
    for (let count = 0; count < 3; count++) {
      const leader = elected(lines).at(-1)?.candidate ?? 0;
      const { next, ms } = await leaderAfter(lines, () => children[leader]?.tell("resign"));
      expect(ms).toBeLessThanOrEqual(handover);
      order.push(next.candidate);
      // The order of the line is that of the places, which a candidate gets with its second attempt.
      await waiting(prefix, 2);
    }
    expect(order).toEqual([1, 2, 0]);
    const fences = elected(lines).map(({ fence }) => fence);
    expect([...new Set(fences)].sort((a, b) => a - b)).toEqual(fences);
    expect(
      lines.filter(({ text }) => text.startsWith("deposed")).map(({ text }) => text.split(" ")[2]),
    ).toEqual(["resigned", "resigned", "resigned"]);
  });

  it("has a next leader within a second after SIGTERM, once the code of the term has stopped", async () => {
    const prefix = uniqueName();
    const { children, lines } = await start(2, prefix);
    const observer = locksOf(
      servers.map(({ port }) => `redis://127.0.0.1:${port}`),
      { prefix },
    );
    expect((await observer.inspect("scheduler")).holder?.owner).toBe("candidate-0");
    const { next, ms } = await leaderAfter(lines, () => children[0]?.kill("SIGTERM"));
    expect(next.candidate).toBe(1);
    expect(ms).toBeLessThanOrEqual(handover);
    const { signal, lines: said, stderr } = (await children[0]?.ended) ?? { lines: [] };
    expect(signal).toBe("SIGTERM");
    expect(stderr).toBe("");
    expect(said.slice(2).map((line) => line.replace(/ \d+$/, ""))).toEqual(["stopped", "deposed 1 closed"]);
    children[1]?.kill("SIGTERM");
    await children[1]?.ended;
    expect(await countKeys(servers, `${prefix}scheduler`)).toBe(0);
  });
});
