import type { FrameAggregate } from "../../inspector/feed/frame-aggregate.js";
import type { Frame } from "../../inspector/feed/frames.js";
import type { Asked } from "./asking.js";

/** How what is seen is shown. */
export interface View {
  /** Just before the world takes it. */
  hear(frame: Frame, aggregate: FrameAggregate): void;
  /** What the nodes say has changed. */
  asked(asked: Asked): void;
  /** A node was lost, or is back. */
  nodeChanged(what: string): void;
  /** About the watch itself. */
  notice(text: string): void;
  /** Nothing follows. Resolves when it is written. */
  end(): Promise<void>;
}
