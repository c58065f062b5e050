import { isHoldfastError } from "../../errors.js";

/** The status of a response when somebody else holds the lock: 409 (Conflict) or 423 (Locked). */
export type ContendedStatus = 409 | 423;

/** The response to a request that did not get its lock. */
export interface Refusal {
  readonly status: ContendedStatus | 503;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. It names neither the holder nor the nodes. */
  readonly body: string;
}

/** The s after which to try again when nobody knows when the lock will be free. */
const soon = 1;

/**
 * The response to a request whose acquisition failed with this error: `contended` if somebody else holds the lock, 503 if too
 * few nodes answered or the locks are closed. Null for any other error, which is one of the program.
 */
export function refusalOf(error: unknown, contended: ContendedStatus): Refusal | null {
  if (isHoldfastError(error, "LOCK_CONTENDED")) return taken(contended, error);
  if (isHoldfastError(error, "ACQUIRE_TIMEOUT"))
    return error.reason === "contended" ? taken(contended, error) : unavailable(error.code);
  const failed = ["QUORUM_UNAVAILABLE", "OVERLOADED", "MANAGER_CLOSED"] as const;
  const code = failed.find((one) => isHoldfastError(error, one));
  return code === undefined ? null : unavailable(code);
}

interface Contended {
  readonly code: string;
  readonly holder: { readonly ttlLeft: number | null } | undefined;
}

function taken(status: ContendedStatus, { code, holder }: Contended): Refusal {
  const message = "The resource is locked by another request or job. Try again later.";
  return response(status, code, message, retryAfter(holder));
}

const unavailable = (code: string): Refusal =>
  response(503, code, "The locks are not available. Try again later.", soon);

/** The s until the holder's time is over, rounded up. Undefined for a key that never expires. */
function retryAfter(holder: Contended["holder"]): number | undefined {
  // No node reported a holder: the lock is kept for somebody who waits.
  if (holder === undefined) return soon;
  return holder.ttlLeft === null ? undefined : Math.max(soon, Math.ceil(holder.ttlLeft / 1_000));
}

function response(
  status: Refusal["status"],
  code: string,
  message: string,
  after: number | undefined,
): Refusal {
  const headers = { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store" };
  return {
    status,
    headers: after === undefined ? headers : { ...headers, "Retry-After": String(after) },
    body: JSON.stringify({ statusCode: status, error: code, message }),
  };
}
