import type { LockNode } from "../../engine/node/lock-node.js";
import type { Clock, Timer } from "../../engine/time/clock.js";
import { systemClock } from "../../engine/time/system-clock.js";
import { type Frame, parseFrame } from "../feed/frames.js";
import { frameChannel, maxMessageBytes } from "./channel.js";
import { FrameDedup } from "./frame-dedup.js";

/** A subscription to the frames that processes publish, until `close`. */
export interface FrameSubscription {
  /** Number of nodes with an active subscription. */
  readonly subscribedNodes: number;
  /** Number of messages that were not frames. */
  readonly dropped: number;
  /** Ends the subscription, and closes the connections that the nodes opened themselves. */
  close(): Promise<void>;
}

/** Interval between two calls of `tidy`, in ms. */
const tidyInterval = 5_000;

/**
 * Subscribes on all nodes to the frames that processes publish. `onFrame` receives each frame once, however many nodes
 * deliver it, and must not throw. Connects nodes that are not connected yet, and survives reconnections.
 */
export function subscribeToFrames(
  nodes: readonly LockNode[],
  onFrame: (frame: Frame) => void,
  clock: Clock = systemClock,
): FrameSubscription {
  const dedup = new FrameDedup(clock);
  const subscribed = new Set<number>();
  let dropped = 0;
  let timer: Timer | null = null;
  const receive = (message: string) => {
    const frame = read(message);
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

/** The message is untrusted: any client that may publish can have sent it. */
function read(message: string): Frame | null {
  if (message.length > maxMessageBytes) return null;
  try {
    return parseFrame(JSON.parse(message));
  } catch {
    return null;
  }
}
