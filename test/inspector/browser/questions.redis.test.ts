import { afterAll, beforeAll, describe, test } from "vitest";
import { createLocks, type Locks } from "../../../src/index.js";
import { endAll, startHoldfast } from "../../cli/support/holdfast.js";
import { giveMemory } from "../../support/memory.js";
import type { RedisServer } from "../../support/servers.js";
import { startServer, waitUntil } from "../../support/servers.js";
import { startAll, stopAll } from "../../support/start-all.js";
import { expectNoTrouble, useBrowser, visit } from "./support/browser.js";
import { Operator } from "./support/operator.js";

useBrowser();

const servers: RedisServer[] = [];
const processes: Locks[] = [];
let address = "";
/** Epoch ms at which the lease of orders:11000 was lost. */
let lostAt = 0;

/** Three servers, of which one is killed in the end; three owners that publish their locks; and `holdfast ui`. */
beforeAll(async () => {
  servers.push(...(await startAll([startServer, startServer, startServer])));
  await Promise.all(servers.map(({ port }) => giveMemory(port)));
  const nodes = servers.map(({ url }) => url);
  const ui = await startHoldfast(["ui", "--port", "0", ...nodes.flatMap((url) => ["--node", url])]);
  await waitUntil("the address is printed", 30_000, () => ui.stdout.includes("\n"));
  address = ui.stdout.trim();
  const [one, two, three] = ["api-1", "api-2", "api-3"].map((owner) =>
    createLocks({ nodes, owner, publish: true, ttl: 60_000, wait: 600_000 }),
  ) as [Locks, Locks, Locks];
  processes.push(one, two, three);
  const waits = (locks: Locks, resource: string) => {
    // It waits until its locks are closed.
    locks.acquire(resource).catch(() => undefined);
    return new Promise<void>((resolve) => locks.once("retrying", () => resolve()));
  };
  await one.acquire("reports:nightly");
  await one.acquire("payouts:42", { fence: true });
  await waits(two, "payouts:42");
  await waits(three, "payouts:42");
  await two.acquire("stock:7");
  for (let count = 0; count < 4; count += 1) await waits(three, "stock:7");
  const lost = new Promise<void>((resolve) => three.once("expired", () => resolve()));
  await three.acquire("orders:11000", { ttl: 1_000 });
  await Promise.all(servers.map((server) => server.call("DEL", "orders:11000")));
  await lost;
  lostAt = Date.now();
  await servers[2]?.kill();
}, 120_000);

afterAll(async () => {
  await Promise.all(processes.map((locks) => locks.close({ timeout: 500 })));
  await endAll();
  await stopAll(servers);
});

const portOf = (index: number) => String(servers[index]?.port);

/** The clock of the page: the browser's time zone is that of the test. */
const clockAt = (time: number) => new Date(time).toTimeString().slice(0, 8);

type Question = readonly [string, (operator: Operator) => Promise<void>];

const questions: readonly Question[] = [
  [
    "who holds payouts:42?",
    async (operator) => {
      await operator.showAll();
      await operator.type("searchbox", /^Filter/, "payouts:42");
      await operator.readsFirst(/payouts:42 .*api-1/);
    },
  ],
  [
    "since when is it held?",
    async (operator) => {
      await operator.showAll();
      await operator.click("link", "payouts:42");
      await operator.reads("paragraph", undefined, /^held by api-1 \d+ for \d+ s, \d+ renewals?$/);
      await operator.reads("definition", undefined, /^\d\d:\d\d:\d\d$/);
    },
  ],
  [
    "who is next?",
    async (operator) => {
      await operator.showAll();
      await operator.click("link", "payouts:42");
      await operator.see("heading", "Waiting in line: 2").waitFor();
      await operator.reads("row", undefined, /^1 api-2 /);
      await operator.reads("row", undefined, /^2 api-3 /);
    },
  ],
  [
    "why was orders:11000 lost?",
    async (operator) => {
      await operator.click("link", /^Incidents/);
      await operator.reads(
        "link",
        undefined,
        // A renewal may come between the deletions: then one node still has the key.
        /^orders:11000 lost at .* by api-3: its key was gone on [\d, ]+ and \d+ \(deleted, evicted or restarted\)/,
      );
    },
  ],
  [
    "which node is sick?",
    async (operator) => {
      await operator.click("link", "Nodes");
      await operator.reads(
        "columnheader",
        undefined,
        new RegExp(`${portOf(2)} 3 of 3 processes do not use it`),
      );
      await operator.reads("columnheader", undefined, new RegExp(`${portOf(0)} all use it`));
    },
  ],
  [
    "which lock is hottest?",
    async (operator) => {
      await operator.showAll();
      await operator.click("button", "Hot");
      await operator.readsFirst(/stock:7/);
    },
  ],
  [
    "which is held longest?",
    async (operator) => {
      await operator.showAll();
      await operator.click("button", "Longest held");
      await operator.readsFirst(/reports:nightly/);
    },
  ],
  [
    "what happened then?",
    async (operator) => {
      await operator.type("textbox", /^Jump to a time/, clockAt(lostAt));
      await operator.see("button", "Back to live").waitFor();
      await operator.click("link", /^Incidents/);
      const happened = operator.see("region", /^What happened at \d\d:\d\d:\d\d$/);
      await happened.getByText(/^orders:11000 lost at/).waitFor();
      await happened.getByText("GRANTED").first().waitFor();
    },
  ],
];

describe.each([
  [1_280, 800],
  [375, 740],
])("at a width of %d px, two clicks and ten seconds answer", (width, height) => {
  test.each(questions)("%s", async (_, ask) => {
    const visited = await visit(address, { width, height });
    const operator = new Operator(visited.page);
    await ask(operator);
    operator.expectQuick();
    expectNoTrouble(visited);
  });
});
