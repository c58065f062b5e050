import type { Random } from "../time/random.js";

/**
 * A fresh token: the owner's label, "~", and 128 random bits. Each attempt has its own token, so that a late reply to an
 * earlier attempt cannot be mistaken for a reply to this one.
 */
export const freshToken = (owner: string, random: Random, mode: LockMode = "exclusive"): string =>
  `${mode === "shared" ? sharedPrefix : ""}${owner}~${random.secret()}`;

/** Whether a lock has one holder, or any number of holders that share it. */
export type LockMode = "exclusive" | "shared";

/** The beginning of every token of a shared lease. No exclusive token begins like this, because a label contains no "~". */
const sharedPrefix = "~~";

/** Whether the commands in the name of this token are those of a shared lease. */
export const isSharedToken = (token: string): boolean => token.startsWith(sharedPrefix);

/** Labels appear to others, in terminals and logs too, so they are short and printable; "~" ends a label. */
export const isOwnerLabel = (label: string): boolean => /^[^~\p{C}\p{Zl}\p{Zp}]{1,128}$/u.test(label);
