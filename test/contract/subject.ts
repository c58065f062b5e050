import { expect } from "vitest";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import type { Identification } from "../../src/engine/protocol/memory.js";
import { reachesConnection } from "../../src/testing/contract/commands.js";
import type { Ask } from "../engine/batches.js";

export {
  acquire,
  granted,
  holderOf,
  missing,
  one,
  reachesConnection,
  release,
  run,
  runIdOf,
  tokenOf,
  ttlOf,
  uniqueKey,
} from "../../src/testing/contract/commands.js";

/** A node, and a function that closes its client. */
export interface Subject {
  readonly node: LockNode;
  end(): Promise<void> | void;
}

/** Creates a node that is not connected yet. */
export type Open = () => Subject | Promise<Subject>;

/** Opens a node and waits until it is connected. */
export async function openReady(open: Open): Promise<Subject> {
  const subject = await open();
  const ready = reachesConnection(subject.node, "ready");
  subject.node.connect();
  await ready;
  return subject;
}

export const request = (command: LockCommand, wanted: () => boolean = () => true): Ask => ({
  command,
  wanted,
});

export const heldBy = (owner: string | null, key: string) => ({
  kind: "denied",
  holder: expect.objectContaining({
    key,
    owner,
    type: "string",
    tokenHash: expect.stringMatching(/^[0-9a-f]{16}$/),
  }),
});

/** The server's identification, without storing anything on the server. */
export const identificationOf = (node: LockNode): Promise<Identification> =>
  node.identify("first-met-by-the-tests", null);
