import { hostname, userInfo } from "node:os";
import { unprintable } from "../doctor/words.js";

/** ms for which the record is kept on the node: 7 days. */
export const recordTtl = 7 * 86_400_000;

/** The record of who ended the abstention of a node. It is stored on the node as JSON. */
export interface EndedQuarantine {
  /** `user@host`. */
  readonly by: string;
  /** Epoch ms. */
  readonly time: number;
  /** Why the node did not vote. */
  readonly cause: string;
}

/** Maximum characters of each text in a record. */
const maxLength = 200;

const short = (text: string): string => text.replace(unprintable, " ").slice(0, maxLength);

/** The record of a quarantine that the process ended. `time`: epoch ms. */
export function endedQuarantineBy(cause: string, time: number): EndedQuarantine {
  return { by: short(`${userName()}@${hostname()}`), time, cause: short(cause) };
}

/** Reads a record; null if there is none, or if it is none of ours. */
export function readEndedQuarantine(value: unknown): EndedQuarantine | null {
  if (typeof value !== "string") return null;
  try {
    const { by, time, cause } = JSON.parse(value) as { [Name in keyof EndedQuarantine]: unknown };
    if (typeof by !== "string" || typeof time !== "number" || typeof cause !== "string") return null;
    // A date in JSON could be beyond what a Date can hold.
    return Math.abs(time) > 8.64e15 ? null : { by: short(by), time, cause: short(cause) };
  } catch {
    return null;
  }
}

/** A user without an entry in the system's list of users has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
