import type { Random } from "../time/random.js";

/**
 * A fresh token: the owner's label, "~", and 128 random bits. One attempt, one token: a late reply to an earlier
 * attempt can then never be mistaken for this one's.
 */
export const freshToken = (owner: string, random: Random): string => `${owner}~${random.secret()}`;

/** Labels are shown to others, in terminals and logs too, so they are short and printable; "~" ends them. */
export const isOwnerLabel = (label: string): boolean => /^[^~\p{C}\p{Zl}\p{Zp}]{1,128}$/u.test(label);
