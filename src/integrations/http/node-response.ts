import type { ServerResponse } from "node:http";
import type { Lease } from "../../api/types.js";
import type { Refusal } from "./refusal.js";
import type { RequestLock } from "./request-lock.js";

/**
 * Acquires the lock of a request, and releases it with the response. Resolves to the lease; to null if the request is over,
 * because it was refused and answered or its client has gone away.
 */
export async function admit<Input extends readonly unknown[]>(
  lock: RequestLock<Input>,
  input: Input,
  response: ServerResponse,
): Promise<Lease | null> {
  const gone = new AbortController();
  const leave = () => gone.abort();
  response.once("close", leave);
  try {
    const admitted = await lock.admit(input, gone.signal);
    if ("refusal" in admitted) refuse(response, admitted.refusal);
    else if (gone.signal.aborted) await admitted.lease.release();
    else {
      releaseWith(response, admitted.lease);
      return admitted.lease;
    }
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  } finally {
    response.off("close", leave);
  }
  return null;
}

function refuse(response: ServerResponse, { status, headers, body }: Refusal): void {
  response.writeHead(status, { ...headers }).end(body);
}

/**
 * Releases the lease when the handler ends or destroys the response, just before that is done. If the client goes away before,
 * the handler may still be at work: then the lease is kept until the handler ends or destroys the response, unless it has begun
 * to send one, of which the rest has nowhere to go.
 */
function releaseWith(response: ServerResponse, lease: Lease): void {
  const release = () => void lease.release();
  // Node calls neither of them when a client goes away.
  callBefore(response, "end", release);
  callBefore(response, "destroy", release);
  let gone = false;
  let piped = false;
  const releaseIfUseless = () => {
    if (gone && (piped || response.headersSent)) release();
  };
  response.once("close", () => {
    gone = true;
    releaseIfUseless();
  });
  response.once("pipe", () => {
    piped = true;
    releaseIfUseless();
  });
}

function callBefore(response: ServerResponse, name: "end" | "destroy", act: () => void): void {
  const method = response[name] as (...given: unknown[]) => ServerResponse;
  // `end` has several forms, and each is passed on as it is.
  response[name] = function (this: ServerResponse, ...given: unknown[]) {
    act();
    return method.apply(this, given);
  } as ServerResponse["end"] & ServerResponse["destroy"];
}
