import { readAddress } from "../../clients/address-options.js";
import { usageError } from "../exit.js";

/** A node's address, and the credentials for it. */
export interface Target {
  /** For display: the address without credentials. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly database: number;
  /** The family of IP addresses: 4, 6, or 0 for both. */
  readonly family: number;
  /** The arguments of AUTH; null if the address has neither user nor password. */
  readonly credentials: readonly [string, ...string[]] | null;
}

/** @throws InvalidOptionError for an address that locks could not use either */
export function readTarget(address: string): Target {
  const { name, database, family = 0 } = readAddress(address, "nodes");
  const { hostname, port, protocol, username, password } = new URL(address);
  return {
    name,
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(port || 6379),
    tls: protocol === "rediss:",
    database,
    family,
    credentials: credentialsOf(decoded(username, name), decoded(password, name)),
  };
}

function credentialsOf(user: string, password: string): Target["credentials"] {
  if (user !== "") return [user, password];
  return password === "" ? null : [password];
}

function decoded(text: string, name: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw usageError(`${name}: a % in a user or password must be percent-encoded, as %25`);
  }
}
