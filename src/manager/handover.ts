import { InvalidOptionError } from "../errors.js";
import { checkResources, checkTtl } from "./check.js";

/** What travels from the process that gives a lease away to the one that adopts it. A secret: it holds the token. */
export interface Handover {
  readonly resources: readonly string[];
  readonly token: string;
  /** ms. */
  readonly ttl: number;
}

const version = 1;

export const writeHandover = ({ resources, token, ttl }: Handover): string =>
  `holdfast${version}.${Buffer.from(JSON.stringify([resources, token, ttl])).toString("base64url")}`;

/** Refuses anything that `writeHandover` did not write, without showing it: it may hold a token. */
export function readHandover(note: unknown): Handover {
  const refused = new InvalidOptionError("handover", typeof note, "the string that lease.handover() gave");
  if (typeof note !== "string") throw refused;
  const [kind, body] = note.split(".");
  if (kind !== `holdfast${version}` || body === undefined) throw refused;
  try {
    const parts: unknown = JSON.parse(Buffer.from(body, "base64url").toString());
    if (!Array.isArray(parts) || typeof parts[1] !== "string" || parts[1] === "") throw refused;
    return { resources: checkResources(parts[0]), token: parts[1], ttl: checkTtl(parts[2]) };
  } catch {
    throw refused;
  }
}
