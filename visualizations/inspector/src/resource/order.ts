import type { ResourceView } from "./resources.js";
import { troubles } from "./resources.js";

export const columns = ["state", "resource", "holder", "held", "waiters", "wait"] as const;
export type Column = (typeof columns)[number];

/** Ready-made orders for the usual questions. */
export const presets = ["trouble", "hot", "longest"] as const;
export type Preset = (typeof presets)[number];

export interface Order {
  readonly by: Column | Preset;
  readonly descending: boolean;
}

export const firstOrder: Order = { by: "trouble", descending: false };

/** Orders by another column; the current column again reverses the order. */
export const reorder = (order: Order, by: Column | Preset): Order => ({
  by,
  descending: order.by === by && !order.descending,
});

const isKnown = (text: string): text is Column | Preset =>
  ([...columns, ...presets] as readonly string[]).includes(text);

/** As in the address: "waiters", "-waiters". */
export const orderText = ({ by, descending }: Order): string => (descending ? `-${by}` : by);

export function parseOrder(text: string): Order | null {
  const by = text.replace(/^-/, "");
  return isKnown(by) ? { by, descending: text.startsWith("-") } : null;
}

/** What the order depends on besides the resource. */
export interface Facts {
  readonly ownerOf: (lock: { readonly source: string }) => string;
  /** How often the resource was granted lately. */
  readonly grants: ReadonlyMap<string, number>;
}

/** The keys by which resources are compared, one after the other; null sorts last in either direction. */
type Key = string | number | null;

const rank = ({ trouble }: ResourceView): number =>
  trouble === null ? troubles.length : troubles.indexOf(trouble);
/** States as the list names them, the busiest first. */
const stateRank = ({ holders, waiters, others }: ResourceView): number =>
  holders.length > 0 ? 0 : waiters.length > 0 ? 1 : others.length > 0 ? 2 : 3;

const keys: Record<Column | Preset, (view: ResourceView, facts: Facts) => readonly Key[]> = {
  trouble: (view) => [rank(view)],
  // Who waits counts more than how often it was granted.
  hot: (view, { grants }) => [-(view.waiters.length * 10 + (grants.get(view.key) ?? 0))],
  longest: ({ heldSince }) => [heldSince],
  state: (view) => [stateRank(view)],
  resource: () => [],
  holder: ({ holders: [holder] }, { ownerOf }) => [holder === undefined ? null : ownerOf(holder)],
  held: ({ heldSince }) => [heldSince],
  waiters: ({ waiters }) => [-waiters.length],
  wait: ({ waitingSince }) => [waitingSince],
};

/** Plain comparison: thousands of rows are sorted ten times a second, for which a collation is too slow. */
const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);

/** Returns a sorted copy. Equal keys are ordered by name, so that rows keep their places. */
export function sortResources(
  all: readonly ResourceView[],
  { by, descending }: Order,
  facts: Facts,
): ResourceView[] {
  const keyOf = keys[by];
  const way = descending ? -1 : 1;
  return all
    .map((view) => ({ view, key: keyOf(view, facts) }))
    .sort((a, b) => {
      for (let index = 0; index < a.key.length; index += 1) {
        const [one, other] = [a.key[index]!, b.key[index]!];
        if (one === other) continue;
        if (one === null) return 1;
        if (other === null) return -1;
        return way * compare(one, other);
      }
      const byName = compare(a.view.name, b.view.name) || compare(a.view.key, b.view.key);
      return by === "resource" ? way * byName : byName;
    })
    .map(({ view }) => view);
}
