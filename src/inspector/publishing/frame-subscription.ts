import type { LockNode } from "../../engine/node/lock-node.js";
import type { Clock, Timer } from "../../engine/time/clock.js";
import { systemClock } from "../../engine/time/system-clock.js";
import { clip } from "../../support/redaction.js";
import { type Frame, parseFrame } from "../feed/frames.js";
import { frameChannel, frameVersion, maxMessageBytes } from "./channel.js";
import { FrameDedup } from "./frame-dedup.js";
import { RecentMessages } from "./recent-messages.js";

/** A subscription to the frames that processes publish, until `close`. */
export interface FrameSubscription {
  /** Number of nodes with an active subscription. */
  readonly subscribedNodes: number;
  /** Number of messages that were not frames. One that several nodes deliver counts once. */
  readonly dropped: number;
  /** Ends the subscription, and closes the connections that the nodes opened themselves. */
  close(): Promise<void>;
}

/** A process whose frames are of a later version. */
export interface NewerPublisher {
  /** Its owner label, or the id of its locks: foreign text of at most 100 characters. */
  readonly name: string;
  readonly version: number;
}

export interface SubscriptionOptions {
  readonly clock?: Clock;
  /** Called once for each later version of frames, which are ignored. Must not throw. */
  readonly onNewer?: (publisher: NewerPublisher) => void;
}

export const newerMessage = ({ name, version }: NewerPublisher): string =>
  `process ${name} publishes in version ${version}; this holdfast reads version ${frameVersion}: update it`;

/** Interval between two calls of `tidy`, in ms. */
const tidyInterval = 5_000;
/** Maximum number of later versions that are reported. */
const maxVersions = 10;

/**
 * Subscribes on all nodes to the frames that processes publish. `onFrame` receives each frame once, however many nodes
 * deliver it, and must not throw. Connects nodes that are not connected yet, and survives reconnections.
 */
export function subscribeToFrames(
  nodes: readonly LockNode[],
  onFrame: (frame: Frame) => void,
  { clock = systemClock, onNewer }: SubscriptionOptions = {},
): FrameSubscription {
  const dedup = new FrameDedup(clock);
  const recent = new RecentMessages();
  const subscribed = new Set<number>();
  let dropped = 0;
  let timer: Timer | null = null;
  const newer = new Set<number>();
  const receive = (message: string) => {
    if (message.length <= maxMessageBytes && recent.repeats(message)) return;
    const content = contentOf(message);
    const publisher = newerPublisherOf(content);
    if (publisher !== null) {
      if (newer.has(publisher.version) || newer.size === maxVersions) return;
      newer.add(publisher.version);
      return onNewer?.(publisher);
    }
    const frame = parseFrame(content);
    if (frame === null) dropped += 1;
    else if (dedup.isNew(frame)) onFrame(frame);
  };
  const unsubscribe = nodes.map((node, index) => {
    node.connect();
    return node.subscribe(frameChannel, {
      subscribed: () => subscribed.add(index),
      unsubscribed: () => subscribed.delete(index),
      message: receive,
    });
  });
  const tidy = () => {
    timer = clock.after(tidyInterval, tidy, true);
    for (const frame of dedup.tidy()) onFrame(frame);
  };
  tidy();
  return {
    get subscribedNodes() {
      return subscribed.size;
    },
    get dropped() {
      return dropped;
    },
    async close() {
      timer?.cancel();
      subscribed.clear();
      for (const one of unsubscribe) one?.();
      await Promise.all(nodes.map((node) => node.close()));
    },
  };
}

/** The message is untrusted: any client that may publish can have sent it. Null if it is not JSON, or too long. */
function contentOf(message: string): unknown {
  if (message.length > maxMessageBytes) return null;
  try {
    return JSON.parse(message);
  } catch {
    return null;
  }
}

/** The publisher of a frame of a later version; null for anything else. */
function newerPublisherOf(content: unknown): NewerPublisher | null {
  if (typeof content !== "object" || content === null) return null;
  const { version, owner, source } = content as Readonly<Record<string, unknown>>;
  if (!Number.isSafeInteger(version) || (version as number) <= frameVersion) return null;
  const name = [owner, source].find((value) => typeof value === "string") ?? "?";
  return { name: clip(String(name), 100), version: version as number };
}
