import type { Random } from "../time/random.js";

/**
 * A fresh token: the owner's label, "~", and 128 random bits. Each attempt has its own token, so that a late reply to an
 * earlier attempt cannot be mistaken for a reply to this one.
 */
export const freshToken = (owner: string, random: Random): string => `${owner}~${random.secret()}`;

/** Labels appear to others, in terminals and logs too, so they are short and printable; "~" ends a label. */
export const isOwnerLabel = (label: string): boolean => /^[^~\p{C}\p{Zl}\p{Zp}]{1,128}$/u.test(label);
