import { expect } from "vitest";
import type { Connection, LockNode, Reply } from "../../src/engine/node/lock-node.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import type { Identification } from "../../src/engine/protocol/memory.js";
import type { Holder } from "../../src/engine/protocol/vote.js";
import { systemRandom } from "../../src/engine/time/random.js";
import { type Ask, execute } from "../engine/batches.js";

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

let serial = 0;
/** A key that no other test uses; `{}` keeps the keys of one test on one server of a Cluster. */
export const uniqueKey = (name = "key"): string => `contract:{${process.pid}-${++serial}}:${name}`;
export const tokenOf = (owner: string): string => `${owner}~${systemRandom.secret()}`;

export async function run(node: LockNode, ...commands: LockCommand[]): Promise<Reply[]> {
  return execute(
    node,
    commands.map((command) => request(command)),
  );
}

export async function one(node: LockNode, command: LockCommand): Promise<Reply> {
  const [reply] = await run(node, command);
  return reply as Reply;
}

/** Resolves when the node's connection has this state. */
export function reachesConnection(node: LockNode, wanted: Connection): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (node.connection !== wanted) return;
      unwatch();
      resolve();
    };
    const unwatch = node.watch(check);
    queueMicrotask(check);
  });
}

export const granted = { kind: "granted" };
export const missing = { kind: "denied", holder: null };
export const heldBy = (owner: string | null, key: string) => ({
  kind: "denied",
  holder: expect.objectContaining({
    key,
    owner,
    type: "string",
    tokenHash: expect.stringMatching(/^[0-9a-f]{16}$/),
  }),
});
export const ttlOf = (reply: Reply): number | null => {
  if (reply.kind !== "denied" || reply.holder === null)
    throw new Error(`no holder in ${JSON.stringify(reply)}`);
  return reply.holder.ttlLeft;
};

/** An acquire command. */
export const acquire = (key: string | readonly string[], token: string, ttl = 10_000): LockCommand => ({
  op: "acquire",
  keys: [key].flat(),
  token,
  ttl,
});

export const release = (key: string, token: string): LockCommand => ({ op: "release", keys: [key], token });

/** The holder of the key, as the node reports it. */
export async function holderOf(node: LockNode, key: string): Promise<Holder | null> {
  const reply = await one(node, { op: "inspect", keys: [key] });
  if (reply.kind !== "report") throw new Error(`not a report: ${JSON.stringify(reply)}`);
  return reply.keys[0]?.holder ?? null;
}

/** The server's identification, without storing anything on the server. */
export const identificationOf = (node: LockNode): Promise<Identification> =>
  node.identify("first-met-by-the-tests", null);

/** The run id of the server. */
export const runIdOf = async (node: LockNode): Promise<string | null> => (await identificationOf(node)).runId;
