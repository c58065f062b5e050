import type { MemoryNode } from "../../src/clients/memory/memory-node.js";
import type { LockNode, Reply } from "../../src/engine/node/lock-node.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import type { Clock } from "../../src/engine/time/clock.js";
import { ask, oneByOne } from "../engine/batches.js";
import { wayTo } from "./way-to.js";

/** How messages travel. Each function is called for each message. */
export interface NetworkPath {
  /** The one-way latency in ms. */
  readonly delay: () => number;
  /** Whether the reply is lost. */
  readonly losesReply?: () => boolean;
  /** Whether the published message is lost. */
  readonly losesMessage?: () => boolean;
  /** Called with each command when it is sent. */
  readonly sees?: (command: LockCommand) => void;
}

/** One direction of a connection: messages arrive in the order in which they were sent. */
function oneWay(clock: Clock, delay: () => number): (arrive: () => void) => void {
  let free = 0;
  return (arrive) => {
    free = Math.max(free, clock.monotonic() + delay());
    clock.after(free - clock.monotonic(), arrive);
  };
}

/** Wraps a node in a process's own connections, one for commands and one for subscriptions, which delay and lose messages. */
export function far(node: MemoryNode, clock: Clock, path: NetworkPath): LockNode {
  const there = oneWay(clock, path.delay);
  const back = oneWay(clock, path.delay);
  const messages = oneWay(clock, path.delay);
  return wayTo(node, {
    connect: () => {},
    close: async () => {},
    subscribe: (channel, listener) => {
      let over = false;
      const later = (callback: () => void) =>
        messages(() => {
          if (!over) callback();
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
