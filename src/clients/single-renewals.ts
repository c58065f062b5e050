import type { Reply, Request } from "../engine/node/lock-node.js";
import type { LockCommand } from "../engine/protocol/command.js";
import { granted } from "../engine/protocol/vote.js";

/** Whether the request renews many locks, and so can be split. */
export const renewsMany = ({ command }: Request): boolean =>
  command.op === "renewEach" && command.keys.length > 1;

/**
 * Splits a request that renews many locks into one request for each lock, for a server that refused the whole because of
 * one key. The replies are combined into the reply to the whole. Any other request is returned as it is.
 */
export function singleRenewals(request: Request): Request[] {
  const { command } = request;
  return command.op === "renewEach" && command.keys.length > 1 ? split(request, command) : [request];
}

function split(request: Request, command: Extract<LockCommand, { op: "renewEach" }>): Request[] {
  const { keys, tokens, ttl } = command;
  const others: number[] = [];
  let missing = keys.length;
  const add = (position: number, reply: Reply): void => {
    if (reply.kind !== "granted") others.push(position);
    if (--missing > 0) return;
    if (others.length === 0) return request.answered(granted);
    // A failure of all keys is a failure of the node.
    const failed = others.length === keys.length && reply.kind === "failed";
    request.answered(failed ? reply : { kind: "partly", others: others.sort((a, b) => a - b) });
  };
  return keys.map((key, position) => ({
    command: { op: "renew", keys: [key], token: tokens[position] ?? "", ttl },
    wanted: () => request.wanted(),
    answered: (reply) => add(position, reply),
  }));
}
