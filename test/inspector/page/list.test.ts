import { expect, test } from "vitest";
import {
  filterLocks,
  isFiltering,
  noFilter,
  toggleState,
} from "../../../visualizations/inspector/src/model/filter.js";
import { firstShown } from "../../../visualizations/inspector/src/model/first-shown.js";
import { moveActive } from "../../../visualizations/inspector/src/model/move-active.js";
import {
  type columns,
  firstOrder,
  reorder,
  sortLocks,
} from "../../../visualizations/inspector/src/model/sort.js";
import { countStates } from "../../../visualizations/inspector/src/model/states.js";
import { lockView } from "../sample-frames.js";

const locks = [
  lockView("1", { resources: ["orders:2"], state: "held", validUntil: 300, fence: 9, attempts: 1 }),
  lockView("2", { resources: ["orders:1"], state: "idle", validUntil: null, fence: null, attempts: 0 }),
  lockView("3", { resources: ["invoices:1"], state: "acquiring.asking", validUntil: null, attempts: 4 }),
  lockView("4", { resources: ["orders:1"], state: "renewing.retrying", validUntil: 100, fence: 10 }),
];
const ownerOf = ({ id }: { id: string }) => (id === "3" ? "Night Shift" : "ann");
const ids = (some: readonly { id: string }[]) => some.map(({ id }) => id).join("");

test("each word of the filter must occur in the resources or the owner, ignoring case", () => {
  const by = (text: string) => ids(filterLocks(locks, { ...noFilter, text }, ownerOf));
  expect(by("")).toBe("1234");
  expect(by(" ORDERS ")).toBe("124");
  expect(by("orders:1 ann")).toBe("24");
  expect(by("night")).toBe("3");
  expect(by("orders night")).toBe("");
});

test("states are switched on and off one by one, and substates count as their state", () => {
  const one = toggleState(noFilter, "renewing");
  expect(ids(filterLocks(locks, one, ownerOf))).toBe("4");
  const two = toggleState(one, "acquiring");
  expect(ids(filterLocks(locks, two, ownerOf))).toBe("34");
  expect(ids(filterLocks(locks, toggleState(two, "renewing"), ownerOf))).toBe("3");
  expect([noFilter, one, { ...noFilter, text: " " }].map(isFiltering)).toEqual([false, true, false]);
  expect(countStates(locks)).toMatchObject({ idle: 1, acquiring: 1, held: 1, renewing: 1, expired: 0 });
});

test("the list is sorted by any column, missing values come last, and equal rows keep their order", () => {
  const by = (column: (typeof columns)[number], descending = false) =>
    ids(sortLocks(locks, { column, descending }, ownerOf));
  expect(by("resource")).toBe("3241");
  expect(by("resource", true)).toBe("1243");
  expect(by("state")).toBe("2314");
  expect(by("owner")).toBe("3241");
  expect(by("validity")).toBe("4132");
  expect(by("validity", true)).toBe("1432");
  expect(by("retries", true)).toBe("3241");
  expect(by("fence")).toBe("1432");
});

test("choosing a column again reverses the order, and another column starts ascending", () => {
  const turned = reorder(firstOrder, "resource");
  expect(turned).toEqual({ column: "resource", descending: true });
  expect(reorder(turned, "resource")).toEqual(firstOrder);
  expect(reorder(turned, "fence")).toEqual({ column: "fence", descending: false });
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

test("without a choice, the first held lock is shown, else the first lock, if any", () => {
  const [held, idle, acquiring, renewing] = locks;
  expect(firstShown([idle!, acquiring!, renewing!, held!])).toBe(renewing);
  expect(firstShown([idle!, held!])).toBe(held);
  expect(firstShown([acquiring!, idle!])).toBe(acquiring);
  expect(firstShown([])).toBeNull();
});

test("an unknown state is not counted, whatever its name", () => {
  const odd = ["__proto__", "constructor", "toString.asking", ""].map((state) => lockView("odd", { state }));
  expect(Object.entries(countStates(odd)).filter(([, many]) => many !== 0)).toEqual([]);
});
