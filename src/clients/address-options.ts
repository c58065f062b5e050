import { InvalidOptionError } from "../errors.js";
import { clip } from "../support/redaction.js";
import { isWellFormed } from "../support/untrusted.js";

/** What an address says about the connection. */
export interface AddressOptions {
  /** The address without its parameters. It contains the user and the password. */
  readonly url: string;
  /** The address without user, password and parameters; for messages and events. */
  readonly name: string;
  readonly database: number;
  /** The family of IP addresses: 4, 6, or 0 for both. Undefined: the default of the client. */
  readonly family: number | undefined;
}

const form = "redis://[user[:password]@]host[:port][/database]";
const allowed = `a redis:// or rediss:// address: ${form}, with no parameters other than ?family=0, 4 or 6, and ?db=database`;

/**
 * The address without user, password and anything else that may be secret. What stands in the place of the port but is no
 * number may be a password without a host.
 */
const redacted = (address: string): string =>
  address
    .replace(/^([\w+.-]*:?\/\/)?.*@/s, "$1")
    .replace(/[?#].*$/s, "")
    .replace(/^([\w+.-]*:\/\/[^/[\]:]*):(?!\d*(?:\/|$)).*$/s, "$1:***");

/** A reason to refuse the address. `part`: the part of the address to show, which contains no secret. */
interface Fault {
  readonly part: string;
  readonly reason: string;
}

/** Reads an address. @throws InvalidOptionError if the address or one of its parameters is invalid. */
export function readAddress(address: string, option: string): AddressOptions {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!/^rediss?:\/\//i.test(address)) throw refusal(address, option);
  if (endsEarly(address)) throw refusal(address, option, { part: "", reason: notEncoded });
  if (hasInvalidPort(address)) throw refusal(address, option, { part: "", reason: invalidPort });
  if (url === null || url.hostname === "") throw refusal(address, option);
  if (![url.username, url.password, url.hostname].every(isDecodable)) {
    throw refusal(address, option, { part: "", reason: notDecodable });
  }
  const read = readParameters(url);
  if ("reason" in read) throw refusal(address, option, read);
  const path = url.pathname.slice(1);
  const database = Number(path || read.db || 0);
  if (!isDatabase(path)) {
    throw refusal(address, option, { part: "", reason: "the path must be the number of a database" });
  }
  if (path !== "" && read.db !== "" && Number(read.db) !== database) {
    throw refusal(address, option, { part: `?db=${read.db}`, reason: "the path names another database" });
  }
  const name = `${url.protocol}//${url.host}${database === 0 ? "" : `/${database}`}`;
  url.search = "";
  return { url: url.href, name, database, family: read.family === "" ? undefined : Number(read.family) };
}

export const invalidPort = "the port must be a number up to 65535";

/** Whether the port of the address is a number that is no port. */
export function hasInvalidPort(address: string): boolean {
  const port = /^rediss?:\/\/(?:.*@)?(?:\[[^\]]*\]|[^/?#:@[\]]+):(\d+)(?:[/?#]|$)/is.exec(address)?.[1];
  return Number(port ?? 0) > 65_535;
}

const notEncoded =
  'a "/", "?" or "#" in a user or password must be percent-encoded, as "%2F", "%3F" or "%23"';
const notDecodable = 'a "%" that does not begin a percent-encoded UTF-8 character must be written as "%25"';

/** Whether a "/", "?" or "#" stands before the "@". It ends the host, so what precedes the "@" would not be read as a password. */
function endsEarly(address: string): boolean {
  const rest = address.slice(address.indexOf("://") + 3);
  const end = rest.search(/[/?#]/);
  return end !== -1 && rest.includes("@", end);
}

function isDecodable(text: string): boolean {
  try {
    // A bundler takes the function for pure, and removes a call whose result nobody uses.
    return isWellFormed(decodeURIComponent(text));
  } catch {
    return false;
  }
}

const isDatabase = (text: string): boolean => /^\d*$/.test(text) && Number.isSafeInteger(Number(text));

interface Parameters {
  readonly family: string;
  readonly db: string;
}

function readParameters({ hash, searchParams }: URL): Parameters | Fault {
  if (hash !== "") return { part: "#...", reason: 'an address has no part behind a "#"' };
  const names = [...searchParams.keys()];
  for (const [name, value] of searchParams) {
    if (name !== "family" && name !== "db") {
      const part = `?${clip(name, 40)}=...`;
      const advice = "pass a client of your own to set anything else";
      return { part, reason: `the parameter ${JSON.stringify(clip(name, 40))} is not supported: ${advice}` };
    }
    const part = `?${name}=${clip(value, 20)}`;
    if (names.filter((each) => each === name).length > 1) {
      return { part, reason: `the parameter ${name} is given twice` };
    }
    if (name === "family" && !/^[046]$/.test(value)) return { part, reason: "family must be 0, 4 or 6" };
    if (name === "db" && (value === "" || !isDatabase(value))) {
      return { part, reason: "db must be the number of a database" };
    }
  }
  return { family: searchParams.get("family") ?? "", db: searchParams.get("db") ?? "" };
}

function refusal(address: string, option: string, fault?: Fault): InvalidOptionError {
  const shown = redacted(address) + (fault?.part ?? "");
  const reason = fault === undefined ? "" : ` (${fault.reason})`;
  return new InvalidOptionError(option, shown, allowed, `${JSON.stringify(clip(shown, 160))}${reason}`);
}
