import type { Manager } from "../../manager/manager.js";
import { Hub } from "../server/hub.js";
import type { Frame } from "./frames.js";
import { Tracker } from "./tracker.js";

/** Steps of a manager's locks that are told one by one, a second: while a page is open, and while none is. */
const lookedAt = 1_000;
/** Enough to remember what a process with long jobs does. */
const alone = 100;
/** Further steps in a second: a process with that many, at which nobody looks, is let alone until somebody does. */
const busy = 500;

/** Looks on at a program's managers for those who read: closely while there are any, else as far as it costs nothing. */
export class InspectorFeed {
  readonly hub = new Hub((anybody) => this.looked(anybody));
  private readonly watches: ManagerFeed[] = [];

  watch(manager: Manager): void {
    const watch = new ManagerFeed(manager, this.hub);
    this.watches.push(watch);
    watch.come();
  }

  stop(): void {
    for (const watch of this.watches) watch.stop();
  }

  private looked(anybody: boolean): void {
    for (const watch of this.watches) watch.looked(anybody);
  }
}

/** Looks on at one manager. */
class ManagerFeed {
  private readonly tracker: Tracker;
  private leave: (() => void) | null = null;
  private anybody = false;
  private missed = 0;
  /** What it is called in its frames. */
  private source = "";

  constructor(
    manager: Manager,
    private readonly hub: Hub,
  ) {
    this.tracker = new Tracker(manager, { stepsPerSecond: alone });
  }

  come(): void {
    this.leave = this.tracker.listen((frame) => this.hear(frame));
  }

  looked(anybody: boolean): void {
    this.anybody = anybody;
    this.tracker.pace(anybody ? lookedAt : alone);
    if (!anybody || this.leave !== null) return;
    // What ended meanwhile was not heard of: better to know nothing than what is long over.
    this.hub.aggregate.forgetOne(this.source);
    this.come();
  }

  stop(): void {
    this.tracker.stop();
  }

  private hear(frame: Frame): void {
    this.source = frame.source;
    this.hub.hear(frame);
    if (frame.kind !== "beat") return;
    const isBusy = frame.missed - this.missed > busy;
    this.missed = frame.missed;
    if (!isBusy || this.anybody) return;
    this.leave?.();
    this.leave = null;
  }
}
