import { computed, signal } from "@preact/signals";
import { FrameAggregate } from "../../../src/inspector/feed/frame-aggregate.js";
import type { Frame, LockView, Step } from "../../../src/inspector/feed/frames.js";
import { type ConnectionState, type Hello, listen } from "./connection.js";
import { worldBounds } from "./model/bounds.js";
import { filterLocks, noFilter } from "./model/filter.js";
import { firstShown } from "./model/first-shown.js";
import { Rates, sumTotals } from "./model/rates.js";
import { hashOf, parseRoute, type Route } from "./model/route.js";
import { firstOrder, sortLocks } from "./model/sort.js";
import { countStates } from "./model/states.js";
import { framesOf } from "./replay/read.js";
import { Replay } from "./replay/replay.js";

/** ms between two looks at the clock: what runs down is drawn so often. */
const tick = 100;
/** ms after which a process that says nothing, or has closed, is forgotten; and between two looks for such. */
const longSilence = 300_000;
const sweep = 10_000;
/** List and lock stand side by side: the opposite of what narrow.css asks for. */
const roomForBoth = "not all and (max-width: 1400px)";
/** So few that nobody needs the list to find one: then a lock is shown alone, where its chart has room. */
const few = 10;
const roomForOne = "(min-width: 800px)";

/** What the page shows, and what its user has chosen. */
export class Inspector {
  readonly hello = signal<Hello | null>(null);
  readonly connection = signal<ConnectionState>({ kind: "connecting" });
  readonly route = signal<Route>(parseRoute(location.hash));
  readonly filter = signal(noFilter);
  readonly order = signal(firstOrder);
  /** The lock that the keyboard stands on in the list. */
  readonly active = signal<string | null>(null);
  readonly replay = signal<Replay | null>(null);
  /** Of reading a recording. */
  readonly failure = signal<string | null>(null);
  /** Grows with each change of the world, which is no signal itself. At most once in each frame of the screen. */
  readonly revision = signal(0);
  private readonly liveNow = signal(Date.now());
  private live = new FrameAggregate(worldBounds);
  private rates = new Rates();
  /** A new connection's first frames replace all that was. */
  private fresh = true;
  private drawing = false;
  /** Whoever comes by an address that names nothing is shown a lock as soon as there is one; once. */
  private undecided = location.hash === "";

  /** Epoch ms by the clock of whoever looks on: in a replay the recording's. */
  readonly now = computed(() => this.replay.value?.time.value ?? this.liveNow.value);

  /** As it is at the revision that was drawn last. */
  readonly world = computed((): { readonly current: FrameAggregate } => {
    const replay = this.replay.value;
    if (replay === null) this.revision.value;
    else replay.cursor.value;
    return { current: replay?.aggregate ?? this.live };
  });

  readonly counts = computed(() => countStates(this.world.value.current.locks.values()));

  readonly rows = computed((): readonly LockView[] => {
    const { locks } = this.world.value.current;
    return sortLocks(
      filterLocks(locks.values(), this.filter.value, this.ownerOf),
      this.order.value,
      this.ownerOf,
    );
  });

  readonly totals = computed(() =>
    sumTotals([...this.world.value.current.sources.values()].map(({ beat }) => beat.totals)),
  );

  /** A second; null in a replay, where time does not pass by itself. */
  readonly acquiredRate = computed(() => {
    this.world.value;
    return this.replay.value === null ? this.rates.of("acquired", Date.now()) : null;
  });

  readonly ownerOf = ({ source }: Pick<LockView, "source">): string =>
    this.world.peek().current.sources.get(source)?.beat.owner ?? "";

  /** Epoch ms by the clock of the process that the lock is of. */
  sourceNow(source: string): number {
    return this.now.value - (this.world.value.current.sources.get(source)?.lag ?? 0);
  }

  start(): void {
    const end = listen("events", {
      hello: (hello) => {
        this.hello.value = hello;
        this.fresh = true;
        if (hello.mode === "replay") {
          end();
          void this.openRecording();
        }
      },
      frames: (frames) => this.apply(frames),
      connection: (state) => {
        this.connection.value = state;
      },
    });
    addEventListener("hashchange", () => {
      this.undecided = false;
      this.route.value = parseRoute(location.hash);
    });
    setInterval(() => {
      if (!document.hidden) this.liveNow.value = Date.now();
    }, tick);
    setInterval(() => this.forget(), sweep);
  }

  /** Shows something else: at once, so that what is drawn then can be given the focus. */
  go(route: Route): void {
    this.route.value = route;
    location.hash = hashOf(route);
  }

  /** What the server remembers of a lock; nothing, when it cannot be asked. */
  async historyOf(id: string): Promise<readonly Step[]> {
    if (this.replay.peek() !== null) return [];
    try {
      const response = await fetch(`history?lock=${encodeURIComponent(id)}`);
      return response.ok ? ((await response.json()) as Step[]) : [];
    } catch {
      // The header says that the server is gone.
      return [];
    }
  }

  private apply(frames: readonly Frame[]): void {
    if (this.fresh) {
      this.live = new FrameAggregate(worldBounds);
      this.rates = new Rates();
      this.fresh = false;
    }
    const now = Date.now();
    for (const frame of frames) {
      this.live.apply(frame, now);
      if (frame.kind === "beat") this.rates.hear(frame, now);
      if (frame.kind === "bye") this.rates.forget(frame.source);
    }
    this.draw();
  }

  private forget(): void {
    const known = [...this.live.sources.keys()];
    this.live.forget(Date.now() - longSilence);
    const gone = known.filter((source) => !this.live.sources.has(source));
    for (const source of gone) this.rates.forget(source);
    if (gone.length > 0) this.draw();
  }

  private draw(): void {
    if (this.drawing) return;
    this.drawing = true;
    requestAnimationFrame(() => {
      this.drawing = false;
      this.revision.value += 1;
      this.decide();
    });
  }

  private decide(): void {
    if (!this.undecided || this.hello.peek()?.mode !== "live") return;
    const rows = this.rows.peek();
    const lock = firstShown(rows);
    if (lock === null) return;
    this.undecided = false;
    if (!matchMedia(rows.length > few ? roomForBoth : roomForOne).matches) return;
    const route: Route = { view: "lock", id: lock.id };
    // In the place of the address that named nothing, which nobody wants to go back to.
    history.replaceState(null, "", hashOf(route));
    this.route.value = route;
  }

  private async openRecording(): Promise<void> {
    try {
      const response = await fetch("recording");
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      this.replay.value = new Replay(framesOf(await response.text()));
    } catch (error) {
      this.failure.value = `The recording cannot be read: ${error instanceof Error ? error.message : error}`;
    }
  }
}
