import type { MemoryNode } from "../../src/clients/memory/memory-node.js";
import type { LockNode, Reply } from "../../src/engine/node/lock-node.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import type { Clock } from "../../src/engine/time/clock.js";
import { ask, oneByOne } from "../engine/batches.js";
import { wayTo } from "./way-to.js";

/** How messages travel. Each function decides anew for each message. */
export interface Road {
  /** ms that a message takes, each way. */
  readonly delay: () => number;
  /** Whether a reply gets lost. */
  readonly losesReply?: () => boolean;
  /** Whether what was published gets lost. */
  readonly losesMessage?: () => boolean;
  /** Sees each command when it is sent. */
  readonly sees?: (command: LockCommand) => void;
}

/** One way of a connection: messages arrive in the order in which they were sent. */
function oneWay(clock: Clock, delay: () => number): (arrive: () => void) => void {
  let free = 0;
  return (arrive) => {
    free = Math.max(free, clock.monotonic() + delay());
    clock.after(free - clock.monotonic(), arrive);
  };
}

/** A process's own connections to a node, one for commands and one to listen on: what travels takes its time, and may be lost. */
export function far(node: MemoryNode, clock: Clock, path: Road): LockNode {
  const there = oneWay(clock, path.delay);
  const back = oneWay(clock, path.delay);
  const told = oneWay(clock, path.delay);
  return wayTo(node, {
    connect: () => {},
    close: async () => {},
    subscribe: (channel, listener) => {
      let over = false;
      const later = (tell: () => void) =>
        told(() => {
          if (!over) tell();
        });
      const unsubscribe = node.subscribe(channel, {
        subscribed: () => later(() => listener.subscribed()),
        unsubscribed: () => listener.unsubscribed(),
        message: (message) => {
          if (!path.losesMessage?.()) later(() => listener.message(message));
        },
      });
      return () => {
        over = true;
        unsubscribe?.();
      };
    },
    execute: oneByOne((one, mark) => {
      path.sees?.(one.command);
      return new Promise<Reply>((resolve) => {
        there(async () => {
          const reply = await ask(node, one, mark);
          if (!path.losesReply?.()) back(() => resolve(reply));
        });
      });
    }),
  });
}
