import { InvalidOptionError } from "../errors.js";
import type { Client } from "./types.js";
import { unwrap } from "./wrappers.js";

/** The client inside a wrapper, to be closed. An address has none. */
export const unwrapped = (client: Client): { quit?: () => unknown } =>
  typeof client === "string" ? {} : unwrap(client);

/** Reads the constructor's list. @throws Error without clients, InvalidOptionError. */
export function listOf(clients: unknown): Client[] {
  if (clients === undefined || clients === null) return listOf([]);
  if (typeof clients === "string" || typeof (clients as Iterable<Client>)[Symbol.iterator] !== "function") {
    throw new InvalidOptionError("clients", clients, "a list of clients");
  }
  const list = [...(clients as Iterable<Client>)];
  if (list.length === 0) throw new Error("Redlock must be instantiated with at least one redis client.");
  return list;
}
