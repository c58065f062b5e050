import { InvalidOptionError } from "../../errors.js";
import { checkKnown } from "../../lock/option-checks.js";
import { checkText } from "../../support/checks.js";
import { kindOf, show } from "../../support/redaction.js";
import type { InspectorOptions } from "../inspector-options.js";
import { AccessToken } from "./access-token.js";
import { isLoopback } from "./host-names.js";
import type { ListenAddress } from "./listen-address.js";

const defaultPort = 4653;
const defaultHost = "127.0.0.1";
const maxTitleLength = 200;

/** @throws InvalidOptionError */
export function checkTitle({ title = "Holdfast" }: InspectorOptions): string {
  const allowed = `a string of at most ${maxTitleLength} characters`;
  if (checkText("title", title, allowed).length > maxTitleLength)
    throw new InvalidOptionError("title", title, allowed);
  return title;
}

/**
 * The address to listen on, and the access token.
 * @throws InvalidOptionError
 */
export function checkListenAddress(options: InspectorOptions): ListenAddress {
  checkKnown("serveInspector", options);
  const { port = defaultPort, host = defaultHost, token } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidOptionError("port", port, "an integer from 0 to 65535");
  if (checkText("host", host, "a host name or address").trim() === "" || host.length > 255)
    throw new InvalidOptionError("host", host, "a host name or address");
  if (token === undefined && !isLoopback(host)) {
    const allowed = "given where others can reach the page: 16 to 256 characters, without spaces";
    throw new InvalidOptionError("token", token, `${allowed} (host is ${show(host)})`);
  }
  return { host, port, token: token === undefined ? null : new AccessToken(checkToken(token)) };
}

function checkToken(token: unknown): string {
  if (typeof token === "string" && /^[!-~]{16,256}$/.test(token)) return token;
  const given = typeof token === "string" ? `one of ${token.length} characters` : kindOf(token);
  // The error must neither show nor keep the token: it may be nearly the right one.
  throw new InvalidOptionError("token", null, "16 to 256 characters of ASCII, without spaces", given);
}
