import { effect, type Signal } from "@preact/signals";
import type { Filter } from "./model/filter.js";
import { parseListQuery, withListQuery } from "./model/list-query.js";
import { parseRoute, type Route } from "./model/route.js";
import { placeOf, withPlace } from "./replay/place.js";
import type { Replay } from "./replay/replay.js";
import type { Order } from "./resource/order.js";

/** What the address says. */
interface PageState {
  readonly route: Signal<Route>;
  readonly filter: Signal<Filter>;
  readonly order: Signal<Order>;
  readonly replay: Signal<Replay | null>;
  showPast(time: number): Promise<void>;
}

/** Keeps the address and what is shown the same: the view, the list's filter and order, and the time. */
export function startAddress(page: PageState): void {
  addEventListener("hashchange", () => readAddress(page));
  effect(() => {
    page.filter.value;
    page.order.value;
    page.route.value;
    keepList(page);
  });
  effect(() => {
    const replay = page.replay.value;
    if (replay !== null && !replay.playing.value && replay.time.value > 0) keepPlace(page);
  });
}

/** What the address says of the list and of the time counts; what it leaves out stays as it is. */
function readAddress(page: PageState): void {
  const query = parseListQuery(location.hash);
  const place = placeOf(location.hash);
  const replay = page.replay.peek();
  if (query !== null) {
    page.filter.value = query.filter;
    page.order.value = query.order;
  } else keepList(page);
  page.route.value = parseRoute(location.hash);
  if (place === null) keepPlace(page);
  else if (replay === null) void page.showPast(place);
  else if (Math.round(replay.time.peek()) !== place) void replay.seekTime(place);
}

/** Writes the filter and the order of the list into the address. */
function keepList({ filter, order }: PageState): void {
  replaceHash(withListQuery(location.hash, { filter: filter.peek(), order: order.peek() }));
}

/** Writes the time in the past that is shown into the address. */
function keepPlace(page: PageState): void {
  const replay = page.replay.peek();
  if (replay === null || replay.playing.peek()) return;
  replaceHash(withPlace(location.hash, replay.time.peek()));
}

function replaceHash(hash: string): void {
  if (hash !== location.hash) history.replaceState(null, "", hash === "" ? location.pathname : hash);
}
