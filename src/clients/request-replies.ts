import type { Reply, Request } from "../engine/node/lock-node.js";
import { decodeReply, garbage } from "../engine/protocol/decoding.js";
import { givenUp } from "../engine/protocol/refusal.js";

/** Keeps releases, and requests that are still wanted. Answers the others as given up. */
export function stillWanted(requests: readonly Request[]): Request[] {
  return requests.filter((request) => {
    const keep = request.command.op === "release" || request.wanted();
    if (!keep) request.answered(givenUp);
    return keep;
  });
}

export function answerAll(requests: readonly Request[], reply: Reply): void {
  for (const request of requests) request.answered(reply);
}

/** Returns a server's refusal of one of the requests; null if there was none. */
export function answerEach(requests: readonly Request[], raw: unknown): string | null {
  if (!Array.isArray(raw) || raw.length !== requests.length) {
    answerAll(requests, garbage(raw));
    return null;
  }
  let refusal: string | null = null;
  for (let index = 0; index < requests.length; index++) {
    const request = requests[index] as Request;
    const reply = decodeReply(request.command, raw[index]);
    if (reply.kind === "failed" && reply.reason === "refused") refusal = reply.message;
    request.answered(reply);
  }
  return refusal;
}
