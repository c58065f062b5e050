import { expect, it, onTestFinished } from "vitest";
import { managersOf } from "../../src/api/managed-locks.js";
import type { Locks } from "../../src/api/types.js";
import { InspectorFeed } from "../../src/inspector/feed/inspector-feed.js";
import { frameChannel } from "../../src/inspector/publishing/channel.js";
import { instrumentLocks } from "../../src/telemetry.js";
import { recordMetrics, recordSpans, total } from "../telemetry/recorders.js";
import { GroupNodes } from "./group-nodes.js";

/** Locks of two groups, and how often each group's resource is to be locked. */
async function started(name: string, options = {}) {
  const nodes = new GroupNodes(2, name);
  const locks = nodes.grouped(options);
  const resources = [await nodes.resourceIn(locks, "1"), await nodes.resourceIn(locks, "2")] as const;
  return { nodes, locks, resources };
}

it("metrics and spans say which group they are of", async () => {
  const { nodes, locks, resources } = await started("telemetry");
  const { provider: meterProvider, collect } = recordMetrics();
  const { provider: tracerProvider, named } = recordSpans();
  const end = instrumentLocks(locks, { meterProvider, tracerProvider });
  const [one, two] = resources;
  for (const resource of [one, two, two]) await nodes.run(locks.using(resource, () => {}));
  const points = await collect();
  const acquired = (group: string) =>
    total(points, "holdfast.lock.acquisitions", { "holdfast.group": group });
  expect([acquired("1"), acquired("2")]).toEqual([1, 2]);
  expect(named("acquire").map(({ attributes }) => attributes["holdfast.group"])).toEqual(["1", "2", "2"]);
  end();
});

it("the events of handles and the argument of onLost say which group they are of", async () => {
  const { nodes, locks, resources } = await started("events");
  const [, resource] = resources;
  const groups: (string | undefined)[] = [];
  const handle = locks.handle(resource, { maxHold: 50, onLost: ({ group }) => void groups.push(group) });
  handle.on("acquired", ({ group }) => groups.push(group));
  locks.on("acquired", ({ group }) => groups.push(group));
  await nodes.run(handle.acquire());
  await nodes.clock.advance(100);
  expect(groups).toEqual(["2", "2", "2"]);
});

it("one page shows the locks and nodes of all groups", async () => {
  const { nodes, locks, resources } = await started("page");
  const feed = new InspectorFeed();
  onTestFinished(() => feed.stop());
  for (const manager of managersOf(locks)) feed.watch(manager);
  for (const resource of resources) await nodes.run(locks.acquire(resource));
  await nodes.clock.advance(1_500);
  const { sources, locks: shown } = feed.hub.aggregate;
  expect([...shown.values()].flatMap((lock) => lock.resources).sort()).toEqual([...resources].sort());
  const names = [...sources.values()].flatMap(({ beat }) => beat.nodes.map((node) => node.name));
  expect(names.sort()).toEqual(nodes.nodes.map(({ name }) => name).sort());
});

it("each group publishes over its own nodes", async () => {
  const { nodes, locks, resources } = await started("published", { publish: true });
  const heard = nodes.nodes.map((): string[] => []);
  for (const [index, node] of nodes.nodes.entries()) {
    node.subscribe(frameChannel, {
      subscribed: () => {},
      unsubscribed: () => {},
      message: (message) => heard[index]?.push(message),
    });
  }
  await publishing(locks, nodes);
  for (const resource of resources) await nodes.run(locks.using(resource, () => {}));
  await nodes.clock.advance(5_000);
  const [one, two] = resources.map((resource) => JSON.stringify([resource]));
  const hears = (index: number, text = "") => heard[index]?.some((message) => message.includes(text));
  expect([hears(0, one), hears(0, two), hears(3, one), hears(3, two)]).toEqual([true, false, false, true]);
});

/** The code that publishes has loaded. */
async function publishing(locks: Locks, nodes: GroupNodes): Promise<void> {
  await import("../../src/inspector/publishing/publisher.js");
  await nodes.clock.advance(2_500);
  expect(managersOf(locks)).toHaveLength(2);
}
