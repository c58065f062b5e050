import type { LockNode } from "../../engine/node/lock-node.js";
import { type Clock, systemClock, type Timer } from "../../engine/time/clock.js";
import { type Frame, parseFrame } from "../feed/frames.js";
import { lifeChannel, longestMessage } from "./channel.js";
import { FrameDedup } from "./frame-dedup.js";

/** What processes publish of their locks is heard, until it is closed. */
export interface Listening {
  /** Nodes on which the subscription stands. */
  readonly standing: number;
  /** Messages that were no frames. */
  readonly dropped: number;
  /** Hears nothing more, and closes the connections that the nodes opened themselves. */
  close(): Promise<void>;
}

/** ms. */
const tidyEvery = 5_000;

/**
 * Hears on all nodes what processes publish of their locks: each frame once, whatever the number of nodes it comes over.
 * Connects the nodes that are not connected yet, and survives reconnections. `hear` must not throw.
 */
export function listenTo(
  nodes: readonly LockNode[],
  hear: (frame: Frame) => void,
  clock: Clock = systemClock,
): Listening {
  const dedup = new FrameDedup(clock);
  const standing = new Set<number>();
  let dropped = 0;
  let timer: Timer | null = null;
  const take = (message: string) => {
    const frame = read(message);
    if (frame === null) dropped += 1;
    else if (dedup.isNews(frame)) hear(frame);
  };
  const leave = nodes.map((node, index) => {
    node.connect();
    return node.subscribe(lifeChannel, {
      subscribed: () => standing.add(index),
      unsubscribed: () => standing.delete(index),
      message: take,
    });
  });
  const tidy = () => {
    timer = clock.after(tidyEvery, tidy, true);
    for (const frame of dedup.tidy()) hear(frame);
  };
  tidy();
  return {
    get standing() {
      return standing.size;
    },
    get dropped() {
      return dropped;
    },
    async close() {
      timer?.cancel();
      standing.clear();
      for (const one of leave) one?.();
      await Promise.all(nodes.map((node) => node.close()));
    },
  };
}

/** Anybody who may publish may have sent it. */
function read(message: string): Frame | null {
  if (message.length > longestMessage) return null;
  try {
    return parseFrame(JSON.parse(message));
  } catch {
    return null;
  }
}
