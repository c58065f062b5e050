import type { FrameAggregate } from "../../inspector/feed/frame-aggregate.js";
import type { Frame } from "../../inspector/feed/frames.js";
import type { NodeAnswer } from "./node-query.js";

/** A way to display what `holdfast watch` observes. */
export interface View {
  /** Called with a frame before the aggregate applies it. */
  frame(frame: Frame, aggregate: FrameAggregate): void;
  /** Called when an answer of the nodes differs from the one before. */
  asked(asked: NodeAnswer): void;
  /** Called when the connection to a node is lost or restored. */
  nodeChanged(what: string): void;
  /** Displays a message about the watch itself. */
  notice(text: string): void;
  /** Called last. Resolves when everything is written. */
  end(): Promise<void>;
}
