import { isIP, isIPv4 } from "node:net";
import { hostname } from "node:os";
import type { OwnNames } from "./request-policy.js";

/** Whether only processes of this machine can reach the host. */
export function isLoopback(host: string): boolean {
  return host.toLowerCase() === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/** Whether the host stands for every address of this machine. */
const isWildcard = (host: string): boolean => host === "0.0.0.0" || host === "::";

/** The host as a URL contains it: IPv6 in brackets. */
const inAddress = (host: string): string => (host.includes(":") ? `[${host}]` : host);

/** The names by which a browser may address this server. Other names are refused, to prevent DNS rebinding. */
export class HostNames implements OwnNames {
  readonly #names: ReadonlySet<string>;

  constructor(
    readonly host: string,
    readonly port: number,
  ) {
    const names = ["127.0.0.1", "localhost", "[::1]", inAddress(host)];
    if (isWildcard(host)) names.push(hostname());
    this.#names = new Set(names.map((name) => name.toLowerCase()));
  }

  /** Whether the value of a Host header is one of the names. */
  has(header: string | undefined): boolean {
    const [, name = "", port = "80"] =
      /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/i.exec(header ?? "") ?? [];
    // For readers on other machines the port may be mapped to another one.
    if (Number(port) !== this.port && isLoopback(this.host)) return false;
    return this.#names.has(name.toLowerCase()) || this.#isAddressOfOurs(name);
  }

  isOwnOrigin(origin: string, host: string | undefined): boolean {
    return origin.toLowerCase() === `http://${host}`.toLowerCase();
  }

  /** The page's address for a browser on this machine. */
  get url(): string {
    const host = isWildcard(this.host) ? "127.0.0.1" : this.host;
    return `http://${inAddress(host)}:${this.port}/`;
  }

  /** An IP address cannot be another host's name, so DNS rebinding cannot abuse it. */
  #isAddressOfOurs(name: string): boolean {
    return isWildcard(this.host) && isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0;
  }
}

/**
 * For a page within another server, which alone knows its names: any Host is taken, and the origin must have the same host
 * as the request, over http or https.
 */
export const namesOfHost: OwnNames = {
  has: () => true,
  isOwnOrigin: (origin, host) => {
    const own = host?.toLowerCase();
    return own !== undefined && [`http://${own}`, `https://${own}`].includes(origin.toLowerCase());
  },
  url: "this page",
};
