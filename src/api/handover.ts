import { isSharedToken, type LockMode } from "../engine/protocol/token.js";
import { InvalidOptionError } from "../errors.js";
import { checkResources } from "../lock/resources.js";
import { checkHoldAtLeast, checkTtl } from "../support/checks.js";
import { Buffer, hashOf } from "../support/platform.js";
import { kindOf } from "../support/redaction.js";
import { isWellFormed } from "../support/untrusted.js";

/** The data of a handover, for the process that adopts the lease. The data is secret, because it contains the token. */
export interface Handover {
  readonly resources: readonly string[];
  readonly token: string;
  /** ms. */
  readonly ttl: number;
  /** The ms of `holdAtLeast` that were left, 0 if none. */
  readonly rest: number;
  readonly mode: LockMode;
}

/** The form of a note, and its version. */
const form = "holdfast";
const version = 2;
const kind = `${form}${version}`;

/** A rest is written only if there is one: versions that do not know it refuse the note instead of ignoring the rest. */
export function writeHandover({ resources, token, ttl, rest, mode }: Handover): string {
  // The token tells the mode, unless the lease was shared and has been upgraded.
  const parts = isUpgraded(token, mode) ? [rest, mode] : rest === 0 ? [] : [rest];
  return withChecksum(JSON.stringify([resources, token, ttl, ...parts]));
}

const isUpgraded = (token: string, mode: LockMode) => isSharedToken(token) && mode === "exclusive";

/** Encodes the JSON with a checksum that reveals a change. A changed digit of the ttl could result in a lease for years. */
export function withChecksum(json: string): string {
  const body = Buffer.from(json).toString("base64url");
  return `${kind}.${body}.${checksumOf(body)}`;
}

/** A checksum against accidental changes only. A forger would need the token anyway, and could then use the token itself. */
const checksumOf = (body: string): string => hashOf("sha256", body, "base64url").slice(0, 16);

/** The version of a note; 0 for a string that is no note. */
const versionOf = (note: string): number => Number(new RegExp(`^${form}(\\d{1,9})\\.`).exec(note)?.[1] ?? 0);

/**
 * Reads a string that `writeHandover` wrote.
 *
 * @throws InvalidOptionError for any other value, also for a note of a later version, which the message names. The message does not show the value, which may contain a token.
 */
export function readHandover(handover: unknown): Handover {
  const refused = (shown = kindOf(handover)) =>
    new InvalidOptionError("handover", typeof handover, "the string that lease.handover() gave", shown);
  if (typeof handover !== "string") throw refused();
  const noted = versionOf(handover);
  if (noted > version) {
    throw refused(
      `one of version ${noted}, written by a newer version of Holdfast, and this process reads version ${version}: update Holdfast in this process`,
    );
  }
  const [start, body = "", checksum, ...more] = handover.split(".", 4);
  if (start !== kind || checksum !== checksumOf(body) || more.length > 0) throw refused();
  try {
    const parts: unknown = JSON.parse(Buffer.from(body, "base64url").toString());
    if (!Array.isArray(parts) || parts.length < 3 || parts.length > 5) throw refused();
    const [resources, token, ttl, rest = 0, upgraded] = parts;
    if (typeof token !== "string" || token === "" || !isWellFormed(token)) throw refused();
    if (upgraded !== undefined && !(upgraded === "exclusive" && isSharedToken(token))) throw refused();
    const mode = isSharedToken(token) && upgraded === undefined ? "shared" : "exclusive";
    return {
      resources: checkResources(resources),
      token,
      ttl: checkTtl(ttl),
      rest: checkHoldAtLeast(rest),
      mode,
    };
  } catch {
    throw refused();
  }
}
