import { isOwnerLabel } from "../../engine/protocol/token.js";
import type { Holder } from "../../engine/protocol/vote.js";
import { hashOf } from "../../support/platform.js";

/** The value of a key, and when it expires. */
export interface Entry {
  readonly value: string;
  /** ms, counted from `since`. The two are separate because their sum would lose precision for very long ttls. */
  readonly ttl: number;
  readonly since: number;
  /** When a lease longer than `longestShort` began to hold the key; null if no such lease does. */
  readonly longSince: number | null;
}

/** The token format, as in the script: a label, "~" and 22 characters. Any other value is a foreign token. */
const ownToken = /^~*([^~]*)~([\w-]{22})$/;
/** What a key that is kept after its release has in place of the token's random part: a hash of the token. */
const keptRandom = /^kept-([0-9a-f]{16})[0-9a-f]$/;

export function holderOf(key: string, entry: Entry, now: number): Holder {
  const [, label = "", random = ""] = ownToken.exec(entry.value) ?? [];
  const kept = keptRandom.exec(random)?.[1];
  return {
    key,
    owner: isOwnerLabel(label) ? label : null,
    tokenHash: kept ?? hashOf("sha1", entry.value).slice(0, 16),
    ttlLeft: Math.ceil(left(entry, now)),
    type: "string",
    ...(kept === undefined ? {} : { kept: true }),
  };
}

export const keptForm = (token: string): string =>
  `${/^~*[^~]*~/.exec(token)?.[0] ?? "~"}kept-${hashOf("sha1", token).slice(0, 17)}`;

export const left = (entry: Entry, now: number): number => entry.ttl - (now - entry.since);
