import { clip } from "../../support/redaction.js";
import { maxNameLength } from "./incident.js";

/** Maximum number of nodes that a sentence lists. */
const maxListed = 5;

/** Names of nodes as short as they can be: only the ports if all nodes are on one host. */
export class NodeNames {
  private readonly oneHost: boolean;

  /** `all`: the names of all nodes of a process. */
  constructor(all: readonly string[]) {
    const hosts = new Set(all.map((name) => portAfter.exec(name)?.[1] ?? name));
    this.oneHost = all.length > 1 && hosts.size === 1 && all.every((name) => portAfter.test(name));
  }

  of(name: string): string {
    return this.oneHost ? (portAfter.exec(name)?.[2] ?? name) : clip(name.replace(scheme, ""), maxNameLength);
  }

  /** "7711, 7712 and 7713". */
  list(names: readonly string[]): string {
    return listed(names.map((name) => this.of(name)));
  }
}

const scheme = /^rediss?:\/\//;
const portAfter = /^(.*):(\d{1,5})$/s;

/** "a", "a and b", "a, b and c", "a, b and 7 others". */
export function listed(names: readonly string[]): string {
  const shown = names.length > maxListed ? names.slice(0, maxListed - 1) : names;
  const parts = shown.length < names.length ? [...shown, `${names.length - shown.length} others`] : shown;
  const last = parts.at(-1) ?? "";
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(", ")} and ${last}`;
}
