import { batch, computed, signal } from "@preact/signals";
import { FrameAggregate } from "../../../src/inspector/feed/frame-aggregate.js";
import type { Frame, LockView } from "../../../src/inspector/feed/frames.js";
import { TotalsSum, type TotalsView } from "../../../src/inspector/feed/totals-sum.js";
import type { Incident } from "../../../src/inspector/incidents/incident.js";
import type { StoryView } from "../../../src/inspector/server/story.js";
import { startAddress } from "./address.js";
import { Axis } from "./axis/past.js";
import { type ConnectionState, type Hello, subscribe } from "./connection.js";
import { DrawThrottle, type Scheduling } from "./draw-throttle.js";
import { aggregateBounds } from "./model/bounds.js";
import { filterResources, noFilter } from "./model/filter.js";
import { parseListQuery, withListQuery } from "./model/list-query.js";
import { Rates } from "./model/rates.js";
import { hashOf, parseRoute, type Route } from "./model/route.js";
import { countStates, shownState } from "./model/states.js";
import { isTrouble, nodeColumns } from "./nodes/node-table.js";
import { placeOf, withPlace } from "./replay/place.js";
import { Replay } from "./replay/replay.js";
import { loadWindow } from "./replay/window.js";
import { recentGrants } from "./resource/grants.js";
import { firstOrder, sortResources } from "./resource/order.js";
import { type ResourceView, resourcesOf, routeOf } from "./resource/resources.js";

/** Interval in ms at which countdowns are redrawn. */
const tick = 100;
/**
 * Time in ms after which a silent or closed process is removed, and the interval at which such processes are looked
 * for.
 */
const silenceTimeout = 300_000;
const removeInterval = 10_000;
/** As many as the server keeps. */
const maxIncidents = 1_000;
/** The list and a lock fit side by side: the opposite of the condition in narrow.css. */
const roomForBoth = "not all and (max-width: 1400px)";
/**
 * Up to this number of locks no list is needed to find one, so a lock is shown by itself, with more room for its
 * chart.
 */
const maxWithoutList = 10;
const roomForOne = "(min-width: 800px)";

const nextFrame = (callback: (now: number) => void) => requestAnimationFrame(callback);
const scheduling: Scheduling = {
  now: () => performance.now(),
  beforePaint: nextFrame,
  after: (delay, callback) => setTimeout(callback, delay),
};

/** The state of the page, and its user's choices. */
export class Inspector {
  readonly hello = signal<Hello | null>(null);
  readonly connection = signal<ConnectionState>({ kind: "connecting" });
  readonly route = signal<Route>(parseRoute(location.hash));
  readonly filter = signal(parseListQuery(location.hash)?.filter ?? noFilter);
  readonly order = signal(parseListQuery(location.hash)?.order ?? firstOrder);
  /** The resource that is active in the list for the keyboard. */
  readonly active = signal<string | null>(null);
  readonly replay = signal<Replay | null>(null);
  /** The incidents that the server derived, oldest first. */
  readonly incidents = signal<readonly Incident[]>([]);
  /** What the server has counted; null before it says so. */
  private readonly liveTotals = signal<TotalsView | null>(null);
  /** The chapter of the demo; null elsewhere. */
  readonly story = signal<StoryView | null>(null);
  readonly axis = new Axis();
  /** The error of reading a recording. */
  readonly failure = signal<string | null>(null);
  /** Grows when changes of the aggregate, which is not a signal, are drawn. */
  readonly revision = signal(0);
  private readonly liveNow = signal(Date.now());
  private live = new FrameAggregate(aggregateBounds);
  private rates = new Rates();
  /** The first frames of a new connection replace the previous state. */
  private fresh = true;
  /** Whether the aggregate has changed since it was drawn. */
  private changed = false;
  private readonly drawing = new DrawThrottle(() => this.drawLive(), scheduling);
  /** If the address names no view, the page shows a lock as soon as there is one, once. */
  private viewUndecided = location.hash === "";

  /** Epoch ms by the observer's clock; in a replay the recording's time. */
  readonly now = computed(() => this.replay.value?.time.value ?? this.liveNow.value);

  /** Epoch ms of the moment in the past that is shown; Infinity if it is the present. */
  readonly shownUntil = computed(() => this.replay.value?.time.value ?? Number.POSITIVE_INFINITY);

  private readonly second = computed(() => Math.floor(this.now.value / 1_000));

  /**
   * Epoch ms at which a process that works would have been heard: now, or, if the page has lost its server, when the page
   * heard from anybody last.
   */
  readonly heardAt = computed(() => {
    this.second.value;
    if (this.connection.value.kind !== "lost") return this.now.peek();
    const times = [...this.aggregate.value.current.sources.values()].map(({ receivedAt }) => receivedAt);
    return Math.max(0, ...times);
  });

  /** The aggregate at the revision that was drawn last. */
  readonly aggregate = computed((): { readonly current: FrameAggregate } => {
    const replay = this.replay.value;
    if (replay === null) this.revision.value;
    else replay.cursor.value;
    return { current: replay?.aggregate ?? this.live };
  });

  readonly counts = computed(() => {
    const { locks, sources } = this.aggregate.value.current;
    const now = this.heardAt.value;
    return countStates([...locks.values()].map((lock) => shownState(lock, sources.get(lock.source), now)));
  });

  /** Every resource, in no order. */
  readonly resources = computed((): readonly ResourceView[] => {
    const { locks, sources } = this.aggregate.value.current;
    return resourcesOf(locks.values(), sources, this.heardAt.value);
  });

  /** How often each resource was granted lately, counted again every second at most. */
  private readonly grants = computed(() => {
    this.second.value;
    const { current } = this.aggregate.peek();
    return recentGrants(current.keptSteps(), current.sources, this.now.peek());
  });

  readonly nodeColumns = computed(() =>
    nodeColumns(this.aggregate.value.current.sources.values(), this.heardAt.value),
  );

  /** How many resources and nodes are in trouble. */
  readonly troubles = computed(
    () =>
      this.resources.value.filter(({ trouble }) => trouble !== null).length +
      this.nodeColumns.value.filter(({ worst }) => isTrouble(worst)).length,
  );

  readonly rows = computed((): readonly ResourceView[] =>
    sortResources(filterResources(this.resources.value, this.filter.value, this.ownerOf), this.order.value, {
      ownerOf: this.ownerOf,
      grants: this.grants.value,
    }),
  );

  /** Also of the processes that are forgotten, except in the past: there of the processes that are known at that moment. */
  readonly totals = computed((): TotalsView => {
    const live = this.replay.value === null ? this.liveTotals.value : null;
    return live ?? new TotalsSum().add(this.aggregate.value.current);
  });

  /** Acquisitions per second; null in a replay, where time does not pass by itself. */
  readonly acquiredRate = computed(() => {
    this.aggregate.value;
    return this.replay.value === null ? this.rates.of("acquired", Date.now()) : null;
  });

  readonly ownerOf = ({ source }: Pick<LockView, "source">): string =>
    this.aggregate.peek().current.sources.get(source)?.beat.owner ?? "";

  /** Epoch ms by the clock of the process that the lock belongs to. */
  sourceNow(source: string): number {
    return this.now.value - (this.aggregate.value.current.sources.get(source)?.lag ?? 0);
  }

  start(): void {
    const end = subscribe("events", {
      hello: (hello) => {
        this.hello.value = hello;
        this.fresh = true;
        this.incidents.value = [];
        this.liveTotals.value = hello.totals;
        this.story.value = hello.story ?? null;
        if (hello.mode === "replay") {
          end();
          void this.openRecording();
        } else this.openPlace();
      },
      frames: (frames) => this.apply(frames),
      totals: (totals) => {
        this.liveTotals.value = totals;
      },
      incidents: (incidents) => {
        this.incidents.value = [...this.incidents.peek(), ...incidents].slice(-maxIncidents);
      },
      story: (story) => {
        this.story.value = story;
      },
      connection: (state) => {
        this.connection.value = state;
      },
    });
    startAddress(this);
    this.axis.start(this);
    setInterval(() => {
      if (!document.hidden) this.drawing.request();
    }, tick);
    setInterval(() => this.removeSilent(), removeInterval);
  }

  /** Shows another view immediately, so that an element of it can be focused. */
  go(route: Route): void {
    this.route.value = route;
    const query = { filter: this.filter.peek(), order: this.order.peek() };
    location.hash = withListQuery(hashOf(route), query);
  }

  /** Shows the state at a time in the past (epoch ms), until `showLive`. */
  async showPast(time: number): Promise<void> {
    const replay = this.replay.peek();
    if (replay !== null) {
      replay.pause();
      return replay.seekTime(time);
    }
    try {
      const opened = new Replay(await loadWindow(time), loadWindow, nextFrame);
      await opened.seekTime(time);
      this.replay.value = opened;
    } catch (error) {
      this.failure.value = `The past cannot be read: ${error instanceof Error ? error.message : error}`;
    }
  }

  /** Shows the time in the address that the page was opened with. */
  private openPlace(): void {
    const place = placeOf(location.hash);
    if (place !== null && this.replay.peek() === null) void this.showPast(place);
  }

  /** Ends a look at the past. */
  showLive(): void {
    this.replay.value = null;
    history.replaceState(null, "", withPlace(location.hash, null));
  }

  private apply(frames: readonly Frame[]): void {
    if (this.fresh) {
      this.live = new FrameAggregate(aggregateBounds);
      this.rates = new Rates();
      this.fresh = false;
    }
    const now = Date.now();
    for (const frame of frames) {
      this.live.apply(frame, now);
      if (frame.kind === "beat") this.rates.add(frame, now);
      if (frame.kind === "bye") this.rates.remove(frame.source);
    }
    this.draw();
  }

  private removeSilent(): void {
    const known = [...this.live.sources.keys()];
    this.live.removeSilent(Date.now() - silenceTimeout);
    const gone = known.filter((source) => !this.live.sources.has(source));
    for (const source of gone) this.rates.remove(source);
    if (gone.length > 0) this.draw();
  }

  private draw(): void {
    this.changed = true;
    this.drawing.request();
  }

  private drawLive(): void {
    batch(() => {
      this.liveNow.value = Date.now();
      if (!this.changed) return;
      this.changed = false;
      this.revision.value += 1;
      this.chooseFirstView();
    });
  }

  private chooseFirstView(): void {
    // The address may name a view by now, also before the browser's event says so.
    this.viewUndecided &&= location.hash === "";
    if (!this.viewUndecided || this.hello.peek()?.mode !== "live") return;
    const rows = this.rows.peek();
    const first = rows.find(({ holders }) => holders.length > 0) ?? rows[0];
    if (first === undefined) return;
    this.viewUndecided = false;
    if (!matchMedia(rows.length > maxWithoutList ? roomForBoth : roomForOne).matches) return;
    const route = routeOf(first);
    // Replaces the address that named no view, so that the back button does not return to it.
    history.replaceState(null, "", hashOf(route));
    this.route.value = route;
  }

  private async openRecording(): Promise<void> {
    try {
      const place = placeOf(location.hash);
      const replay = new Replay(await loadWindow(place ?? 0), loadWindow, nextFrame);
      if (place !== null) await replay.seekTime(place);
      this.replay.value = replay;
    } catch (error) {
      this.failure.value = `The recording cannot be read: ${error instanceof Error ? error.message : error}`;
    }
  }
}
