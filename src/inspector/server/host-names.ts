import { isIP, isIPv4 } from "node:net";
import { hostname } from "node:os";

/** Only processes of this machine reach it. */
export function isLoopback(host: string): boolean {
  return host.toLowerCase() === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/** Every address of this machine. */
const isWildcard = (host: string): boolean => host === "0.0.0.0" || host === "::";

/** As in an address: IPv6 in brackets. */
const inAddress = (host: string): string => (host.includes(":") ? `[${host}]` : host);

/** What a browser may call this server, so that nobody else's name leads to it (DNS rebinding). */
export class HostNames {
  readonly #names: ReadonlySet<string>;

  constructor(
    readonly host: string,
    readonly port: number,
  ) {
    const names = ["127.0.0.1", "localhost", "[::1]", inAddress(host)];
    if (isWildcard(host)) names.push(hostname());
    this.#names = new Set(names.map((name) => name.toLowerCase()));
  }

  /** Whether the value of a Host header is one of them. */
  has(header: string | undefined): boolean {
    const [, name = "", port = "80"] =
      /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/i.exec(header ?? "") ?? [];
    // Between here and elsewhere a port may be mapped to another one.
    if (Number(port) !== this.port && isLoopback(this.host)) return false;
    return this.#names.has(name.toLowerCase()) || this.#isAddressOfOurs(name);
  }

  /** Where the page is looked at from this machine. */
  get url(): string {
    const host = isWildcard(this.host) ? "127.0.0.1" : this.host;
    return `http://${inAddress(host)}:${this.port}/`;
  }

  /** An address is nobody else's name: only who is reached at it has it. */
  #isAddressOfOurs(name: string): boolean {
    return isWildcard(this.host) && isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0;
  }
}
