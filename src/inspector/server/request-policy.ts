import type { IncomingMessage } from "node:http";
import type { AccessToken } from "./access-token.js";
import type { Refusal } from "./reply.js";

/** The names by which a browser may address the page. */
export interface OwnNames {
  /** Whether the value of a Host header is one of them. */
  has(host: string | undefined): boolean;
  /** Whether a page of this origin is one that the same server serves under this Host. */
  isOwnOrigin(origin: string, host: string | undefined): boolean;
  /** The address that a refusal suggests. */
  readonly url: string;
}

/** The methods that change nothing. */
export const reading: readonly string[] = ["GET", "HEAD"];

/**
 * Why a request is refused, regardless of the token; null if the request may pass. The refusal reveals nothing about
 * the locks. `methods`: those that the path takes.
 */
export function refusalOf(
  { method = "", headers }: IncomingMessage,
  path: string,
  names: OwnNames,
  methods: readonly string[] = reading,
): Refusal | null {
  if (!names.has(headers.host)) {
    return {
      status: 403,
      line: `This page does not go by that name: open ${names.url} (and forward it to the same port, if at all).`,
    };
  }
  if (headers.origin !== undefined && !names.isOwnOrigin(headers.origin, headers.host)) {
    return { status: 403, line: "Other sites may not ask for this." };
  }
  if (isForeign(headers, path)) {
    return { status: 403, line: `Other sites may not ask for this. Open ${names.url} by its address.` };
  }
  if (!methods.includes(method)) {
    return {
      status: 405,
      line: methods === reading ? "This server is read-only: use GET or HEAD." : `Use ${methods.join(", ")}.`,
      headers: { Allow: methods.join(", ") },
    };
  }
  if (Number(headers["content-length"] ?? 0) !== 0 || headers["transfer-encoding"] !== undefined) {
    return { status: 413, line: "A request with a body is not read.", headers: { Connection: "close" } };
  }
  return null;
}

/**
 * Refuses a request without a valid token, or redirects a request that brings the token in its query; null if the
 * request may pass.
 */
export function admissionOf(
  { headers }: IncomingMessage,
  path: string,
  given: string | null,
  token: AccessToken,
): Refusal | null {
  if (path === "/" && given !== null && token.is(given)) {
    // Keeps the token out of the address bar and the history.
    return { status: 303, line: "Welcome.", headers: { Location: "/", "Set-Cookie": token.cookie } };
  }
  if (token.admits(headers.authorization, headers.cookie)) return null;
  return {
    status: 401,
    line: 'This page needs its access token: open it once as "/?token=...", or send "Authorization: Bearer ...".',
    headers: { "WWW-Authenticate": 'Bearer realm="holdfast"' },
  };
}

/**
 * Whether another site's page sent the request. Such a page may link to this page as a whole, which reveals nothing
 * to it.
 */
function isForeign(headers: IncomingMessage["headers"], path: string): boolean {
  const site = headers["sec-fetch-site"];
  if (site === undefined || site === "same-origin" || site === "none") return false;
  const navigates = headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  return !(path === "/" && navigates);
}
