import { InvalidOptionError } from "../errors.js";
import { checkResources, checkTtl } from "../lock/option-checks.js";
import { Buffer, hashOf } from "../support/platform.js";
import { kindOf } from "../support/redaction.js";
import { isWellFormed } from "../support/untrusted.js";

/** What travels from the process that gives a lease away to the one that adopts it. A secret: it holds the token. */
export interface Handover {
  readonly resources: readonly string[];
  readonly token: string;
  /** ms. */
  readonly ttl: number;
}

const kind = "holdfast2";

export const writeHandover = ({ resources, token, ttl }: Handover): string =>
  sealed(JSON.stringify([resources, token, ttl]));

/** What was changed on its way is noticed: a digit of the ttl could otherwise make it a lease for years. */
export function sealed(json: string): string {
  const body = Buffer.from(json).toString("base64url");
  return `${kind}.${body}.${sealOf(body)}`;
}

/** Against accidents: whoever can forge it has the token anyway. */
const sealOf = (body: string): string => hashOf("sha256", body, "base64url").slice(0, 16);

/** Refuses anything that `writeHandover` did not write, without showing it: it may hold a token. */
export function readHandover(note: unknown): Handover {
  const refused = () =>
    new InvalidOptionError("handover", typeof note, "the string that lease.handover() gave", kindOf(note));
  if (typeof note !== "string") throw refused();
  const [start, body = "", seal, ...more] = note.split(".", 4);
  if (start !== kind || seal !== sealOf(body) || more.length > 0) throw refused();
  try {
    const parts: unknown = JSON.parse(Buffer.from(body, "base64url").toString());
    if (!Array.isArray(parts) || parts.length !== 3) throw refused();
    const [resources, token, ttl] = parts;
    if (typeof token !== "string" || token === "" || !isWellFormed(token)) throw refused();
    return { resources: checkResources(resources), token, ttl: checkTtl(ttl) };
  } catch {
    throw refused();
  }
}
