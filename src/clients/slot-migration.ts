import type { KeyReport, Reply, Request } from "../engine/node/lock-node.js";
import type { LockCommand } from "../engine/protocol/command.js";
import { failed } from "../engine/protocol/refusal.js";
import { granted } from "../engine/protocol/vote.js";

/*
 * While a Cluster moves a hash slot, the two servers answer TRYAGAIN to every command on several keys that are not all
 * on one of them. Keys that do not exist yet are always affected. A command on a single key is answered by one of the
 * servers.
 */

type Send = (request: Request) => void;

/** The server's message, and its meaning for a lock. */
export const tryAgain = (message: string): Reply =>
  failed(
    "refused",
    `${message} (a hash slot of the Cluster is being moved: until that is over, its servers take no command on several keys, ` +
      "which permits, a fencing token or an adoption of several resources need)",
  );

/**
 * Sends a command key by key and combines the replies. Returns false for commands that must not be split: a fencing
 * token is recorded beside its key, a swap must not stop half-way, and of permits only some are taken.
 *
 * An acquisition is still granted only if every key is granted: each key is set only if it is free, and the keys set so
 * far are deleted if a later key is denied. Meanwhile others may see some of the keys held, as they do when an
 * acquisition reaches a minority of the nodes.
 */
export function sendKeyByKey(request: Request, send: Send): boolean {
  const { command } = request;
  if (command.keys.length < 2 || ("fence" in command && command.fence !== undefined)) return false;
  if (command.op === "acquire") acquireKeyByKey(request, command, send);
  else if (command.op === "swap" || command.op === "giveBack" || command.op === "fence") return false;
  else if (command.op === "renewEach" || command.op === "acquireAny") return false;
  else if (command.op === "upgrade" || command.op === "downgrade") return false;
  else sendPerKey(request, command, send);
  return true;
}

function acquireKeyByKey(
  request: Request,
  command: Extract<LockCommand, { op: "acquire" }>,
  send: Send,
): void {
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
          rollBack(reply);
        }
      },
    });
  };
  const rollBack = (reply: Reply): void => {
    if (taken.length === 0) return answered(reply);
    sendPerKey(
      // A failed release makes the vote failed instead of denied, so that a release follows.
      { wanted, answered: (released) => answered(released.kind === "failed" ? released : reply) },
      { op: "release", keys: taken, token },
      send,
    );
  };
  next();
}

/** The methods of a request, bound to the request. */
const methodsOf = (request: Pick<Request, "wanted" | "answered">) => ({
  wanted: () => request.wanted(),
  answered: (reply: Reply) => request.answered(reply),
});

/** Sends one command per key, all at once: each is valid whatever the result of the others. */
function sendPerKey(
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
        if (open === 0) answered(combine(replies));
      },
    });
  });
}

/** A failure outweighs a denial, because a failed command must be repeated or released. */
function combine(replies: readonly Reply[]): Reply {
  const worst =
    replies.find(({ kind }) => kind === "failed") ?? replies.find(({ kind }) => kind === "denied");
  if (worst !== undefined) return worst;
  const keys: KeyReport[] = replies.flatMap((reply) => (reply.kind === "report" ? reply.keys : []));
  return keys.length > 0 ? { kind: "report", keys } : granted;
}

/** Whether the command can be sent without its queue entry. */
export const hasQueue = ({ command }: Pick<Request, "command">): boolean =>
  "queue" in command && command.queue !== undefined && command.op !== "acquireAny";

/** The same command without its queue entry. */
export function withoutQueue<Command extends LockCommand>(command: Command): Command {
  if (command.op !== "acquire" && command.op !== "release") return command;
  const { queue: _, ...rest } = command;
  return rest as Command;
}
