import type { Batch, LockNode, Reply, Request } from "../../src/engine/node/lock-node.js";

/** A request of which nobody waits for the answer yet. */
export type Ask = Pick<Request, "command" | "wanted">;

/** One reply a request, when all have been answered. */
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

/** The `execute` of a node in front of others: `each` replies to one request at a time. */
export const oneByOne =
  (each: (ask: Ask, mark: string | null) => Promise<Reply>): LockNode["execute"] =>
  ({ mark, requests }: Batch) => {
    for (const request of requests) void each(request, mark).then((reply) => request.answered(reply));
  };

/** The reply to one request. */
export async function ask(node: LockNode, one: Ask, mark: string | null = null): Promise<Reply> {
  const [reply] = await execute(node, [one], mark);
  return reply as Reply;
}
