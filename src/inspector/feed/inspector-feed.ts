import type { Manager } from "../../manager/manager.js";
import { Hub } from "../server/hub.js";
import type { Frame } from "./frames.js";
import { Tracker } from "./tracker.js";

/** Steps per second and manager that are reported individually while a page is open. */
const observedRate = 1_000;
/** The same while no page is open: enough for the history of a process with long jobs. */
const unobservedRate = 100;
/**
 * Unreported steps per second from which a process counts as busy: a busy process is not observed again until a page
 * is open.
 */
const busyRate = 500;

/**
 * Observes the managers of a program for the readers of its page: closely while there are readers, otherwise only as
 * far as it costs next to nothing.
 */
export class InspectorFeed {
  readonly hub = new Hub((hasReaders) => this.setHasReaders(hasReaders));
  private readonly feeds: ManagerFeed[] = [];

  watch(manager: Manager): void {
    const feed = new ManagerFeed(manager, this.hub);
    this.feeds.push(feed);
    feed.subscribe();
  }

  stop(): void {
    for (const feed of this.feeds) feed.stop();
  }

  private setHasReaders(hasReaders: boolean): void {
    for (const feed of this.feeds) feed.setHasReaders(hasReaders);
  }
}

/** Observes one manager. */
class ManagerFeed {
  private readonly tracker: Tracker;
  private unsubscribe: (() => void) | null = null;
  private hasReaders = false;
  private missed = 0;
  /** The manager's name in its frames. */
  private source = "";

  constructor(
    manager: Manager,
    private readonly hub: Hub,
  ) {
    this.tracker = new Tracker(manager, { stepsPerSecond: unobservedRate });
  }

  subscribe(): void {
    this.unsubscribe = this.tracker.listen((frame) => this.receive(frame));
  }

  setHasReaders(hasReaders: boolean): void {
    this.hasReaders = hasReaders;
    this.tracker.setRate(hasReaders ? observedRate : unobservedRate);
    if (!hasReaders || this.unsubscribe !== null) return;
    // Locks may have ended while the manager was not observed: an empty list is better than an outdated one.
    this.hub.aggregate.removeSource(this.source);
    this.subscribe();
  }

  stop(): void {
    this.tracker.stop();
  }

  private receive(frame: Frame): void {
    this.source = frame.source;
    this.hub.receive(frame);
    if (frame.kind !== "beat") return;
    const isBusy = frame.missed - this.missed > busyRate;
    this.missed = frame.missed;
    if (!isBusy || this.hasReaders) return;
    this.unsubscribe?.();
    this.unsubscribe = null;
  }
}
