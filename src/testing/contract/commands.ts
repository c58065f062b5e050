import type { Connection, LockNode, Reply, Request } from "../../engine/node/lock-node.js";
import type { LockCommand } from "../../engine/protocol/command.js";
import type { Holder } from "../../engine/protocol/vote.js";
import { systemRandom } from "../../engine/time/random.js";
import { matching, partly } from "./expectations.js";

const session = systemRandom.secret().slice(0, 8);
let serial = 0;

/** A key that no other case uses; `{}` keeps the keys of one case on one server of a Cluster. */
export const uniqueKey = (name = "key"): string => `contract:{${session}-${++serial}}:${name}`;
export const tokenOf = (owner: string): string => `${owner}~${systemRandom.secret()}`;

/** Sends the commands as one batch. Resolves to one reply each. */
export function run(node: LockNode, ...commands: readonly LockCommand[]): Promise<Reply[]> {
  const replies = new Array<Reply>(commands.length);
  let open = commands.length;
  return new Promise((resolve, reject) => {
    if (open === 0) resolve(replies);
    const requests = commands.map(
      (command, index): Request => ({
        command,
        wanted: () => true,
        answered: (reply) => {
          if (replies[index] !== undefined) return reject(new Error("a request was answered twice"));
          replies[index] = reply;
          open -= 1;
          if (open === 0) resolve(replies);
        },
      }),
    );
    node.execute({ mark: null, requests });
  });
}

export async function one(node: LockNode, command: LockCommand): Promise<Reply> {
  const [reply] = await run(node, command);
  return reply as Reply;
}

export const granted = { kind: "granted" };
export const missing = { kind: "denied", holder: null };

/** The pattern of a denial: the key's holder, and never its token. */
export const heldBy = (owner: string | null, key: string) => ({
  kind: "denied",
  holder: partly({ key, owner, type: "string", tokenHash: matching(/^[0-9a-f]{16}$/) }),
});

export const ttlOf = (reply: Reply): number | null => {
  if (reply.kind !== "denied" || reply.holder === null)
    throw new Error(`expected a denial with a holder; got ${JSON.stringify(reply)}`);
  return reply.holder.ttlLeft;
};

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
  if (reply.kind !== "report") throw new Error(`expected a report; got ${JSON.stringify(reply)}`);
  return reply.keys[0]?.holder ?? null;
}

/** The run id of the server, without storing anything there. */
export const runIdOf = async (node: LockNode): Promise<string | null> =>
  (await node.identify("first-met-by-the-contract", null)).runId;

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
