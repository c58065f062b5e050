import type { Batch, LockNode, Reply, Request } from "../../src/engine/node/lock-node.js";

/** A request without a callback for its reply. */
export type Ask = Pick<Request, "command" | "wanted">;

/** Executes one batch and resolves with one reply per request when all requests are answered. */
export function execute(node: LockNode, asks: readonly Ask[], mark: string | null = null): Promise<Reply[]> {
  const replies = new Array<Reply>(asks.length);
  let open = asks.length;
  return new Promise((resolve) => {
    if (open === 0) resolve(replies);
    const requests = asks.map(({ command, wanted }, index) => ({
      command,
      wanted,
      answered: (reply: Reply) => {
        if (replies[index] !== undefined) throw new Error("a request was answered twice");
        replies[index] = reply;
        open--;
        if (open === 0) resolve(replies);
      },
    }));
    node.execute({ mark, requests });
  });
}

/** The `execute` of a node that wraps another node: `each` answers one request at a time. */
export const oneByOne =
  (each: (ask: Ask, mark: string | null) => Promise<Reply>): LockNode["execute"] =>
  ({ mark, requests }: Batch) => {
    for (const request of requests) void each(request, mark).then((reply) => request.answered(reply));
  };

/** Executes one request and resolves with its reply. */
export async function ask(node: LockNode, one: Ask, mark: string | null = null): Promise<Reply> {
  const [reply] = await execute(node, [one], mark);
  return reply as Reply;
}
