import { expect } from "vitest";
import type { EventObject, StateValue } from "xstate";
import { getSimplePaths } from "xstate/graph";
import type { InspectionEvent } from "../../../src/lock/lock-actor.js";
import { managerMachine } from "../../../src/machines/manager.js";
import { settle, TestNodes } from "../../manager/test-nodes.js";
import type { Walk } from "./walk.js";

interface Chart {
  readonly logic?: { readonly root?: unknown };
  getSnapshot(): { readonly value: StateValue };
}

/** A manager with a lease that cannot be released while the nodes hang. */
async function begin() {
  const testNodes = new TestNodes(3);
  const charts = new Set<Chart>();
  const inspect = ({ actorRef }: InspectionEvent) => {
    const chart = actorRef as unknown as Chart;
    if (chart.logic?.root === managerMachine.root) charts.add(chart);
  };
  const locks = testNodes.locks({ xstate: { inspect } });
  const lease = await locks.acquire("ours");
  const handle = locks.handle("handled");
  const others = testNodes.locks({ owner: "others" });
  const handover = (await others.acquire("theirs")).handover();
  const state = () => [...charts].map((chart) => chart.getSnapshot().value);
  /** Every call that only an open manager accepts. */
  const calls: readonly (() => Promise<unknown>)[] = [
    async () => (await locks.acquire("a")).release(),
    async () => (await locks.tryAcquire("a"))?.release(),
    async () => (await locks.adopt(handover)).release(),
    () => locks.using("a", () => {}),
    () => locks.inspect("a"),
    async () => locks.handle("a"),
    () => handle.acquire(),
  ];
  return { testNodes, locks, lease, state, calls };
}

type Subject = Awaited<ReturnType<typeof begin>>;

/** Checks the calls that each state allows. */
const checks: Readonly<Record<string, (subject: Subject) => Promise<void>>> = {
  async open({ testNodes, lease, calls }) {
    for (const call of calls) await testNodes.run(call());
    await testNodes.run(lease.renew());
    expect(lease.signal.aborted).toBe(false);
  },
  async closing(subject) {
    await refusesAll(subject);
    expect(subject.lease.signal.reason).toMatchObject({ code: "MANAGER_CLOSED" });
  },
  async closed(subject) {
    await refusesAll(subject);
    const { testNodes, lease, locks } = subject;
    expect(await lease.release()).toBe("released");
    await locks.close();
    expect(await testNodes.holders("ours")).toEqual([false, false, false]);
  },
};

async function refusesAll({ testNodes, lease, locks, calls }: Subject): Promise<void> {
  for (const call of calls)
    await expect(testNodes.run(Promise.resolve().then(call))).rejects.toMatchObject({
      code: "MANAGER_CLOSED",
    });
  await expect(lease.renew()).rejects.toMatchObject({ code: "LEASE_EXPIRED" });
  expect(lease.remaining()).toBe(0);
  // A closed manager accepts listeners and never calls them.
  locks.on("acquired", () => expect.unreachable()).once("failed", () => expect.unreachable());
}

/** Actions that cause each event. */
const actions: Readonly<Record<string, (subject: Subject) => Promise<unknown>>> = {
  CLOSE: async ({ testNodes, locks }) => {
    for (const node of testNodes.nodes) node.hang();
    void locks.close({ timeout: 60_000 });
    await settle();
  },
  CLOSED: async ({ testNodes, locks }) => {
    for (const node of testNodes.nodes) node.wake();
    await testNodes.run(locks.close());
  },
};

/** Runs the chart of a real manager. */
export const managerWalk: Walk = {
  machine: managerMachine,
  paths: getSimplePaths(managerMachine).map(({ steps }) => steps.slice(1).map(({ event }) => event)),
  async along(path: readonly EventObject[]) {
    const subject = await begin();
    const states = subject.state();
    const check = () => {
      const state = String(states.at(-1));
      const found = checks[state];
      if (found === undefined) throw new Error(`there is no check for the state ${state}`);
      return found(subject);
    };
    await check();
    for (const { type } of path) {
      const action = actions[type];
      if (action === undefined) throw new Error(`there is no action for the event ${type}`);
      await action(subject);
      states.push(...subject.state());
      await check();
    }
    return states;
  },
};
