import { firstOrder, type Order, orderText, parseOrder } from "../resource/order.js";
import type { Filter } from "./filter.js";
import { type LockState, lockStates } from "./states.js";

/** What the list shows, as it stands in the address behind the view: "?q=orders&state=held&sort=hot". */
export interface ListQuery {
  readonly filter: Filter;
  readonly order: Order;
}

const names = { text: "q", states: "state", order: "sort" } as const;

const paramsOf = (hash: string): URLSearchParams => {
  const at = hash.indexOf("?");
  return new URLSearchParams(at < 0 ? "" : hash.slice(at + 1));
};

/** Null if the address says nothing of it. */
export function parseListQuery(hash: string): ListQuery | null {
  const params = paramsOf(hash);
  if (!Object.values(names).some((name) => params.has(name))) return null;
  const wanted = (params.get(names.states) ?? "").split(",");
  const states = new Set<LockState>(lockStates.filter((state) => wanted.includes(state)));
  return {
    filter: { text: params.get(names.text) ?? "", states },
    order: parseOrder(params.get(names.order) ?? "") ?? firstOrder,
  };
}

/** The address with the query in it. Other parameters stay. */
export function withListQuery(hash: string, { filter, order }: ListQuery): string {
  const params = paramsOf(hash);
  const set = (name: string, value: string) => {
    // Added again, so that the same list always has the same address.
    params.delete(name);
    if (value !== "") params.append(name, value);
  };
  set(names.text, filter.text);
  set(names.states, [...filter.states].join(","));
  set(names.order, orderText(order) === orderText(firstOrder) ? "" : orderText(order));
  const query = params.toString();
  const [path = ""] = hash.split("?", 1);
  return query === "" ? path : `${path === "" ? "#/" : path}?${query}`;
}
