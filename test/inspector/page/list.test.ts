import { expect, test } from "vitest";
import type { SourceView } from "../../../src/inspector/feed/frame-aggregate.js";
import {
  filterResources,
  isFiltering,
  noFilter,
  toggleState,
} from "../../../visualizations/inspector/src/model/filter.js";
import { parseListQuery, withListQuery } from "../../../visualizations/inspector/src/model/list-query.js";
import { moveActive } from "../../../visualizations/inspector/src/model/move-active.js";
import { countStates, runOutState } from "../../../visualizations/inspector/src/model/states.js";
import { recentGrants } from "../../../visualizations/inspector/src/resource/grants.js";
import {
  type columns,
  firstOrder,
  type presets,
  reorder,
  sortResources,
} from "../../../visualizations/inspector/src/resource/order.js";
import { keyOf, resourcesOf, shownLock } from "../../../visualizations/inspector/src/resource/resources.js";
import { beat, lockView } from "../sample-frames.js";

const now = 100_000;

const source = (name: string, owner: string, changes: Partial<SourceView> = {}): [string, SourceView] => [
  name,
  {
    beat: beat(name, { owner, time: now - (changes.lag ?? 0) }),
    receivedAt: now,
    lag: 0,
    completeUntil: now,
    closed: false,
    ...changes,
  },
];

const sources = new Map([source("here", "ann"), source("night", "Night Shift")]);

const waiting = { state: "acquiring.waiting", validUntil: null, granted: null } as const;
const until = now + 5_000;
const locks = [
  lockView("1", { resources: ["orders:2"], granted: 90_000, validUntil: until }),
  lockView("2", { ...waiting, resources: ["orders:2"], began: 95_000 }),
  lockView("3", { ...waiting, resources: ["orders:2"], began: 94_000, source: "night" }),
  lockView("4", { resources: ["orders:1"], state: "idle", validUntil: null }),
  lockView("5", { ...waiting, resources: ["invoices:1"], began: 80_000, source: "night" }),
  lockView("6", { resources: ["stock:1"], granted: 99_000, validUntil: until, source: "night" }),
];
const all = resourcesOf(locks, sources, now);
const ownerOf = ({ source }: { source: string }) => sources.get(source)?.beat.owner ?? "";
const names = (some: readonly { name: string }[]) => some.map(({ name }) => name).join(" ");
const viewOf = (name: string, from = all) => from.find((view) => view.name === name)!;
const ids = (some: readonly { id: string }[]) => some.map(({ id }) => id).join("");

test("there is one row for each resource, with its holder, and its waiters in the order of their tickets", () => {
  expect(names(all)).toBe("orders:2 orders:1 invoices:1 stock:1");
  const view = viewOf("orders:2");
  expect(ids(view.holders)).toBe("1");
  expect(ids(view.waiters)).toBe("32");
  expect(view.heldSince).toBe(90_000);
  expect(view.waitingSince).toBe(94_000);
  expect(shownLock(view)?.id).toBe("1");
  expect(shownLock(viewOf("invoices:1"))?.id).toBe("5");
  expect(shownLock(viewOf("orders:1"))?.id).toBe("4");
});

test("tickets of processes whose clocks differ are compared by one clock", () => {
  const behind = new Map([source("here", "ann"), source("night", "ben", { lag: 3_000 })]);
  expect(ids(viewOf("orders:2", resourcesOf(locks, behind, now)).waiters)).toBe("23");
});

test("a lock on several resources is in the row of each, and equal names with another prefix have their own", () => {
  const prefixed = new Map([
    source("here", "ann"),
    source("night", "ben", { beat: beat("night", { prefix: "eu:" }) }),
  ]);
  const views = resourcesOf(
    [lockView("1", { resources: ["a", "b"] }), lockView("2", { resources: ["a"], source: "night" })],
    prefixed,
    now,
  );
  expect(views.map(({ key }) => key)).toEqual([keyOf("", "a"), keyOf("", "b"), keyOf("eu:", "a")]);
});

test("two leases of one resource that have not run out are an alarm; a lease that is being released is none", () => {
  const other = lockView("9", { resources: ["orders:2"], source: "night", validUntil: until });
  const trouble = (...more: Parameters<typeof lockView>[1][]) =>
    viewOf("orders:2", resourcesOf([...locks, ...more.map((one) => ({ ...other, ...one }))], sources, now))
      .trouble;
  expect(trouble({})).toBe("overlap");
  expect(trouble({ state: "releasing" })).toBeNull();
  expect(trouble({ validUntil: now - 1 })).toBeNull();
  // The ends are compared by one clock.
  const ahead = new Map([source("here", "ann"), source("night", "ben", { lag: -10_000 })]);
  expect(viewOf("orders:2", resourcesOf([...locks, other], ahead, now)).trouble).toBeNull();
  expect(trouble({ mode: "shared" })).toBe("overlap");
  expect(trouble({ mode: "exclusive" })).toBe("overlap");
});

test("two leases are no alarm before both processes have confirmed them, long enough after the second grant", () => {
  const at = now - 3_000;
  const first = lockView("1", { resources: ["a"], granted: at - 500, validUntil: until });
  const second = lockView("2", { resources: ["a"], granted: at, validUntil: until, source: "night" });
  const trouble = (here: number, night: number, changes: object = {}) =>
    resourcesOf(
      [{ ...first, ...changes }, second],
      new Map([
        source("here", "ann", { completeUntil: here }),
        source("night", "ben", { completeUntil: night }),
      ]),
      now,
    )[0]!.trouble;
  // The first process has released the lock, and computes: its last frames are older than the second grant.
  expect(trouble(at - 200, now)).toBeNull();
  expect(trouble(at + 1_400, now)).toBeNull();
  expect(trouble(now, at + 1_400)).toBeNull();
  expect(trouble(at + 1_500, at + 1_500)).toBe("overlap");
  expect(trouble(now, now, { state: "releasing" })).toBeNull();
  // A later grant does not hide the overlap of two earlier leases.
  const third = { ...second, id: "3", granted: now };
  const view = resourcesOf([first, second, third], sources, now)[0];
  expect(view?.trouble).toBe("overlap");
});

test("a lease that has run out while its process was silent is not held, and the valid holder comes first", () => {
  const dead = source("night", "ben", { receivedAt: now - 10_000 });
  const from = new Map([source("here", "ann"), dead]);
  const lease = { resources: ["a"], source: "night", granted: now - 20_000, validUntil: now - 6_000 };
  const killed = lockView("1", lease);
  const of = (some: Parameters<typeof resourcesOf>[0], where = from) => resourcesOf(some, where, now)[0]!;
  expect(of([killed])).toMatchObject({ holders: [], others: [{ state: runOutState }], trouble: "silent" });
  expect(of([killed])).toMatchObject({ heldSince: null });
  // Clocks may differ, and a process that is heard would tell.
  expect(ids(of([lockView("1", { ...lease, validUntil: now - 900 })]).holders)).toBe("1");
  expect(ids(of([killed], sources).holders)).toBe("1");
  const next = lockView("2", { resources: ["a"], granted: now - 5_000, validUntil: until });
  expect(ids(of([killed, next]).holders)).toBe("2");
  expect(ids(of([killed, next], sources).holders)).toBe("21");
  // What is not valid any more is not in use, even before the process counts as silent.
  const permits = [
    { ...killed, permits: 3 },
    { ...next, permits: 3 },
  ];
  for (const where of [from, sources]) expect(of(permits, where)).toMatchObject({ inUse: 1, permits: 3 });
  expect(filterResources([of([killed])], toggleState(noFilter, "held"), ownerOf)).toEqual([]);
});

test("a loss, a missing quorum and a silent process are troubles, the worst first", () => {
  const of = (changes: object, from = sources) =>
    resourcesOf([lockView("1", { validUntil: until, ...changes })], from, now)[0]!.trouble;
  expect(of({})).toBeNull();
  expect(of({ state: "expired", validUntil: null })).toBe("lost");
  expect(of({ state: "renewing.retrying" })).toBe("noQuorum");
  expect(of({ ...waiting, reason: "noQuorum" })).toBe("noQuorum");
  expect(of({ ...waiting, reason: "contended" })).toBeNull();
  expect(of({}, new Map([source("here", "ann", { receivedAt: now - 10_000 })]))).toBe("silent");
});

test("each word of the filter must occur in the resource or an owner, ignoring case", () => {
  const by = (text: string) => names(filterResources(all, { ...noFilter, text }, ownerOf));
  expect(by("")).toBe("orders:2 orders:1 invoices:1 stock:1");
  expect(by(" ORDERS ")).toBe("orders:2 orders:1");
  expect(by("orders:1 ann")).toBe("orders:1");
  expect(by("night")).toBe("orders:2 invoices:1 stock:1");
  expect(by("stock ann")).toBe("");
});

test("states are switched on and off one by one, and substates count as their state", () => {
  const one = toggleState(noFilter, "acquiring");
  expect(names(filterResources(all, one, ownerOf))).toBe("orders:2 invoices:1");
  const two = toggleState(one, "idle");
  expect(names(filterResources(all, two, ownerOf))).toBe("orders:2 orders:1 invoices:1");
  expect(names(filterResources(all, toggleState(two, "acquiring"), ownerOf))).toBe("orders:1");
  expect([noFilter, one, { ...noFilter, text: " " }].map(isFiltering)).toEqual([false, true, false]);
  expect(countStates(locks.map(({ state }) => state))).toMatchObject({
    idle: 1,
    acquiring: 3,
    held: 2,
    renewing: 0,
    expired: 0,
  });
});

test("the list is sorted by any column or preset, missing values come last, and equal rows keep their order", () => {
  const grants = new Map([[keyOf("", "stock:1"), 50]]);
  const by = (what: (typeof columns)[number] | (typeof presets)[number], descending = false) =>
    names(sortResources(all, { by: what, descending }, { ownerOf, grants }));
  expect(by("trouble")).toBe("invoices:1 orders:1 orders:2 stock:1");
  expect(by("hot")).toBe("stock:1 orders:2 invoices:1 orders:1");
  expect(by("longest")).toBe("orders:2 stock:1 invoices:1 orders:1");
  expect(by("resource", true)).toBe("stock:1 orders:2 orders:1 invoices:1");
  expect(by("held", true)).toBe("stock:1 orders:2 invoices:1 orders:1");
  expect(by("holder")).toBe("stock:1 orders:2 invoices:1 orders:1");
  expect(by("waiters")).toBe("orders:2 invoices:1 orders:1 stock:1");
  expect(by("wait")).toBe("invoices:1 orders:2 orders:1 stock:1");
  expect(by("state")).toBe("orders:2 stock:1 invoices:1 orders:1");
});

test("trouble comes first", () => {
  const lost = lockView("7", { resources: ["z"], state: "expired", validUntil: null });
  const views = resourcesOf([...locks, lost], sources, now);
  expect(sortResources(views, firstOrder, { ownerOf, grants: new Map() })[0]?.name).toBe("z");
});

test("only the grants of the last minute count", () => {
  const granted = (time: number) => ({
    time,
    event: "GRANTED",
    from: "acquiring.asking",
    to: "held",
    lock: locks[0]!,
  });
  const steps = [granted(now - 61_000), granted(now - 1_000), { ...granted(now), event: "RENEWED" }];
  expect([...recentGrants(steps, sources, now)]).toEqual([[keyOf("", "orders:2"), 1]]);
});

test("choosing a column again reverses the order, and another column starts ascending", () => {
  const chosen = reorder(firstOrder, "resource");
  expect(chosen).toEqual({ by: "resource", descending: false });
  expect(reorder(chosen, "resource")).toEqual({ by: "resource", descending: true });
  expect(reorder(chosen, "held")).toEqual({ by: "held", descending: false });
});

test("filter and order stand in the address, beside whatever else stands there", () => {
  const query = {
    filter: { text: "a & b", states: new Set(["held" as const]) },
    order: reorder(firstOrder, "hot"),
  };
  const hash = withListQuery("#/resource/x?prefix=eu", query);
  expect(hash).toBe("#/resource/x?prefix=eu&q=a+%26+b&state=held&sort=hot");
  expect(parseListQuery(hash)).toEqual(query);
  expect(withListQuery(hash, { filter: noFilter, order: firstOrder })).toBe("#/resource/x?prefix=eu");
  expect(parseListQuery("#/resource/x?prefix=eu")).toBeNull();
  expect(parseListQuery("#/?sort=__proto__&state=constructor,held")).toEqual({
    filter: { text: "", states: new Set(["held"]) },
    order: firstOrder,
  });
});

test.each([
  ["ArrowDown", -1, 0],
  ["ArrowDown", 9, 9],
  ["ArrowUp", 0, 0],
  ["ArrowUp", -1, 0],
  ["PageDown", 2, 6],
  ["PageDown", 8, 9],
  ["PageUp", 2, 0],
  ["Home", 7, 0],
  ["End", -1, 9],
  ["a", 3, null],
])("%s on row %i of ten leads to %s", (key, at, to) => {
  expect(moveActive(key, at, 10, 4)).toBe(to);
});

test("keys have no effect in an empty list", () => {
  expect(moveActive("End", -1, 0, 4)).toBeNull();
});

test("an unknown state is not counted, whatever its name", () => {
  const odd = ["__proto__", "constructor", "toString.asking", ""];
  expect(Object.entries(countStates(odd)).filter(([, many]) => many !== 0)).toEqual([]);
});
