import type { KeyReport, Reply, Request } from "../engine/node/lock-node.js";
import type { LockCommand } from "../engine/protocol/command.js";
import { granted } from "../engine/protocol/vote.js";
import { failure } from "./failure.js";

/*
 * While a Cluster moves a hash slot from one server to another, it answers TRYAGAIN to every command on several keys that
 * are not all at the same one of the two; for keys that exist nowhere yet that is always so. A command on one key is
 * answered by one of them.
 */

type Send = (request: Request) => void;

/** The server's own words, and what they mean for a lock. */
export const tryAgain = (message: string): Reply =>
  failure(
    "refused",
    `${message} (a hash slot of the Cluster is being moved: until that is over, its servers take no command on several keys, ` +
      "which a fencing token or an adoption of several resources needs)",
  );

/**
 * Asks for the keys of a command one by one, and puts the answers together. False where that would not be the same: a
 * fencing token is recorded beside its key, and a swap must not stop half-way.
 *
 * An acquisition is still granted only where every key is: each key is set only if nobody holds it, and what was set is
 * deleted again where a later key is denied. Others may see some of the keys held meanwhile, as they see it when an
 * acquisition reaches a minority of the nodes.
 */
export function askKeyByKey(request: Request, send: Send): boolean {
  const { command } = request;
  if (command.keys.length < 2 || ("fence" in command && command.fence !== undefined)) return false;
  if (command.op === "acquire") acquireInTurn(request, command, send);
  else if (command.op === "swap" || command.op === "giveBack" || command.op === "fence") return false;
  else askAll(request, command, send);
  return true;
}

function acquireInTurn(request: Request, command: Extract<LockCommand, { op: "acquire" }>, send: Send): void {
  const { keys, token, ttl } = command;
  const { wanted, answered } = methodsOf(request);
  const taken: string[] = [];
  const next = (): void => {
    const key = keys[taken.length];
    if (key === undefined) return answered(granted);
    send({
      command: { op: "acquire", keys: [key], token, ttl },
      wanted,
      answered: (reply) => {
        if (reply.kind === "granted") {
          taken.push(key);
          next();
        } else {
          giveUp(reply);
        }
      },
    });
  };
  const giveUp = (reply: Reply): void => {
    if (taken.length === 0) return answered(reply);
    askAll(
      // Where that fails the vote has failed, and not been denied: then a release follows.
      { wanted, answered: (released) => answered(released.kind === "failed" ? released : reply) },
      { op: "release", keys: taken, token },
      send,
    );
  };
  next();
}

/** A request is an object with methods, which must be called on it. */
const methodsOf = (request: Pick<Request, "wanted" | "answered">) => ({
  wanted: () => request.wanted(),
  answered: (reply: Reply) => request.answered(reply),
});

/** All at once: each is the same whatever becomes of the others. */
function askAll(
  request: Pick<Request, "wanted" | "answered">,
  command: Extract<LockCommand, { op: "renew" | "heal" | "release" | "inspect" }>,
  send: Send,
): void {
  const { wanted, answered } = methodsOf(request);
  const replies = new Array<Reply>(command.keys.length);
  let open = command.keys.length;
  command.keys.forEach((key, index) => {
    send({
      command: withoutQueue({ ...command, keys: [key] }),
      wanted,
      answered: (reply) => {
        replies[index] = reply;
        open -= 1;
        if (open === 0) answered(together(replies));
      },
    });
  });
}

/** A failure outweighs a denial, because a command that failed is owed. */
function together(replies: readonly Reply[]): Reply {
  const worst =
    replies.find(({ kind }) => kind === "failed") ?? replies.find(({ kind }) => kind === "denied");
  if (worst !== undefined) return worst;
  const keys: KeyReport[] = replies.flatMap((reply) => (reply.kind === "report" ? reply.keys : []));
  return keys.length > 0 ? { kind: "report", keys } : granted;
}

export const hasQueue = ({ command }: Pick<Request, "command">): boolean =>
  "queue" in command && command.queue !== undefined;

/** The same command as if nobody waited for the key. */
export function withoutQueue<Command extends LockCommand>(command: Command): Command {
  if (command.op !== "acquire" && command.op !== "release") return command;
  const { queue: _, ...rest } = command;
  return rest as Command;
}
