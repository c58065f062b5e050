import { formatDuration } from "../../support/duration.js";
import type { Answer, FailureReason } from "./vote.js";

/** A vote that failed. */
export type Failed = Answer & { readonly kind: "failed" };

export const failed = (reason: FailureReason, message: string): Failed => ({
  kind: "failed",
  reason,
  message,
});

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

/** `left`: remaining ms of the abstention; null if not known yet. */
export const quarantined = (cause: string, left: number | null) =>
  failed("quarantined", left === null ? cause : `${cause}; it votes again in ${formatDuration(left)}`);

export const notConnected = ({ trouble }: { readonly trouble: string }) =>
  failed("notReady", trouble || "not connected");

/** `when`: "within" or "after" `ms`. */
export const notConnectedInTime = (
  { trouble }: { readonly trouble: string },
  when: "within" | "after",
  ms: number,
) => failed("notReady", `not connected ${when} ${formatDuration(ms)}${trouble === "" ? "" : `: ${trouble}`}`);

export const unanswered = (waited: number) => failed("timeout", `no answer within ${formatDuration(waited)}`);

export const unresponsive = failed(
  "timeout",
  "not asked: it has been silent for three node timeouts; a probe finds out when it answers again",
);

export const overloaded = (limit: number) => failed("overloaded", `${limit} requests are unanswered already`);

export const givenUp = failed("notAsked", "given up before it was sent");

export const releasePending = failed("notReady", "not connected; the release follows when it is");
