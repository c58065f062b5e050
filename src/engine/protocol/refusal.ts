import { formatDuration } from "../../support/duration.js";
import { votesAgain } from "../../support/votes-again.js";
import type { Answer, FailureReason } from "./vote.js";

/** A vote that failed. */
export type Failed = Answer & { readonly kind: "failed" };

export const failed = (reason: FailureReason, message: string, lasting = false): Failed =>
  lasting ? { kind: "failed", reason, message, lasting } : { kind: "failed", reason, message };

/** A cause that does not end by itself, as an error. */
export class LastingError extends Error {
  override get name(): string {
    return "LastingError";
  }

  constructor(
    message: string,
    readonly reason: FailureReason = "refused",
  ) {
    super(message);
  }
}

/**
 * The refusals of a server that do not end by themselves: somebody has to change a password, a permission, the
 * configuration or the client. Clients may put words in front of the server's message.
 */
const lastingForm =
  /(^|[\s:(])(NOAUTH|WRONGPASS|NOPERM|DENIED) |^ERR (invalid password|This instance has cluster support disabled|Client sent AUTH|AUTH <password> called|unknown command|DB index is out of range)|user executing the script can't (run|access)/;
/** How a Lua interpreter reports an operation that it cannot execute. */
const luaFaultForm = /attempt to (call|index|perform|compare|concatenate) /;

export const lastingRefusal = (message: string): boolean => lastingForm.test(message);

/** Whether an error shows that the server, or an imitation of one, cannot run the scripts at all. */
export const isLuaFault = (message: string): boolean => luaFaultForm.test(message);

export const luaFault = (message: string): string =>
  `its Lua cannot run the scripts of the locks (${message}): an imitation of Redis, such as ioredis-mock, cannot be ` +
  "a node. Give a client of a real server; for tests without a server, memoryNode()";

/** `refusal`: what the server answered, if that shows it. */
export const oneOfCluster = (refusal = "") =>
  `it is one server of a Cluster and does not have all of its hash slots${refusal === "" ? "" : ` (${refusal})`}: ` +
  "pass a client of the whole Cluster as one node";

/** The answers below are given in place of a node that was not asked or did not answer. Each states the reason. */

export const duplicate = (of: string) => failed("duplicate", `is the same server as ${of}`);

export const nameless = failed(
  "duplicate",
  "hides its identity, and may be the same server as another node: permit INFO, and the keys holdfast:*",
);

export const undecided = failed(
  "quarantined",
  "it has no memory; whether it is new is not known as long as other nodes do not answer (quarantine 0 takes it for new)",
);

/** The cause while a node that was used alone is about to vote together with other nodes. */
export const aloneSoFar =
  "it was used alone so far, and does not record yet that it is used together with other nodes";

export const joining = failed("quarantined", aloneSoFar);

/** `left`: remaining ms of the abstention; null if not known yet. */
export const quarantined = (cause: string, left: number | null) =>
  failed("quarantined", left === null ? cause : `${cause}; it ${votesAgain(left)}`);

/** Why a node is not connected. */
interface Trouble {
  readonly trouble: string;
  readonly troubleLasts?: boolean;
}

export const notConnected = ({ trouble, troubleLasts }: Trouble) =>
  failed("notReady", trouble || "not connected", troubleLasts);

/** `when`: "within" or "after" `ms`. */
export const notConnectedInTime = (
  { trouble, troubleLasts }: Trouble,
  when: "within" | "after",
  ms: number,
) =>
  failed(
    "notReady",
    `not connected ${when} ${formatDuration(ms)}${trouble === "" ? "" : `: ${trouble}`}`,
    troubleLasts,
  );

export const unanswered = (waited: number) => failed("timeout", `no answer within ${formatDuration(waited)}`);

export const unresponsive = failed(
  "timeout",
  "not asked: it has been silent for three node timeouts; a probe finds out when it answers again",
);

export const overloaded = (limit: number) => failed("overloaded", `${limit} requests are unanswered already`);

export const givenUp = failed("notAsked", "given up before it was sent");

export const releasePending = failed("notReady", "not connected; the release follows when it is");
