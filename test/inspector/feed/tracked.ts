import { onTestFinished } from "vitest";
import { managerOf } from "../../../src/api/managed-locks.js";
import { FrameAggregate as View } from "../../../src/inspector/feed/frame-aggregate.js";
import type { Frame, LockView, Step } from "../../../src/inspector/feed/frames.js";
import { parseFrame } from "../../../src/inspector/feed/frames.js";
import { Tracker } from "../../../src/inspector/feed/tracker.js";
import type { LocksOptions } from "../../../src/lock/options.js";
import { TestNodes } from "../../manager/test-nodes.js";

/** Locks on memory nodes in virtual time, with a tracker and its frames. */
export function tracked(options: Partial<LocksOptions> = {}, stepsPerSecond?: number) {
  const world = new TestNodes();
  const locks = world.locks(options);
  const manager = managerOf(locks);
  const tracker = new Tracker(manager, stepsPerSecond === undefined ? {} : { stepsPerSecond });
  onTestFinished(() => tracker.stop());
  const received = new ReceivedFrames();
  const listen = () => tracker.listen((frame) => received.take(frame));
  return { world, locks, manager, tracker, received, listen, clock: world.clock };
}

/** The frames as they would arrive elsewhere. */
export class ReceivedFrames {
  readonly frames: Frame[] = [];
  readonly view = new View();

  take(frame: Frame): void {
    const parsed = parseFrame(JSON.parse(JSON.stringify(frame)));
    if (parsed === null) throw new Error(`no frame: ${JSON.stringify(frame).slice(0, 500)}`);
    this.frames.push(parsed);
    this.view.apply(parsed, parsed.time);
  }

  get steps(): Step[] {
    return this.frames.flatMap((frame) => (frame.kind === "steps" ? frame.steps : []));
  }

  /** "ACQUIRE idle>acquiring.asking" */
  get moves(): string[] {
    return this.steps.map(({ event, from, to }) => `${event} ${from}>${to}`);
  }

  get locks(): LockView[] {
    return [...this.view.locks.values()];
  }

  kinds(): string[] {
    return this.frames.map(({ kind }) => kind);
  }
}
