import type { IncomingMessage } from "node:http";
import type { AccessToken } from "./access-token.js";
import type { HostNames } from "./host-names.js";
import type { Refusal } from "./reply.js";

/** Why a request is not answered, whoever it is from; null for one that may be. It tells nobody anything. */
export function refusalOf(
  { method = "", headers }: IncomingMessage,
  path: string,
  names: HostNames,
): Refusal | null {
  if (!names.has(headers.host)) {
    return {
      status: 403,
      line: `This page does not go by that name: open ${names.url} (and forward it to the same port, if at all).`,
    };
  }
  if (
    headers.origin !== undefined &&
    headers.origin.toLowerCase() !== `http://${headers.host}`.toLowerCase()
  ) {
    return { status: 403, line: "Other sites may not ask for this." };
  }
  if (isForeign(headers, path)) {
    return { status: 403, line: `Other sites may not ask for this. Open ${names.url} by its address.` };
  }
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, line: "Here one can only look: GET and HEAD.", headers: { Allow: "GET, HEAD" } };
  }
  if (Number(headers["content-length"] ?? 0) !== 0 || headers["transfer-encoding"] !== undefined) {
    return { status: 413, line: "A request with a body is not read.", headers: { Connection: "close" } };
  }
  return null;
}

/** Why a request is not answered for want of the token, or where to go on with it. */
export function admissionOf(
  { headers }: IncomingMessage,
  path: string,
  given: string | null,
  token: AccessToken,
): Refusal | null {
  if (path === "/" && given !== null && token.is(given)) {
    // So that it neither stays in the address bar nor in the history.
    return { status: 303, line: "Welcome.", headers: { Location: "/", "Set-Cookie": token.cookie } };
  }
  if (token.admits(headers.authorization, headers.cookie)) return null;
  return {
    status: 401,
    line: 'This page needs its access token: open it once as "/?token=...", or send "Authorization: Bearer ...".',
    headers: { "WWW-Authenticate": 'Bearer realm="holdfast"' },
  };
}

/** Another site's page asks. It may lead to this page as a whole, which tells it nothing. */
function isForeign(headers: IncomingMessage["headers"], path: string): boolean {
  const site = headers["sec-fetch-site"];
  if (site === undefined || site === "same-origin" || site === "none") return false;
  const leads = headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  return !(path === "/" && leads);
}
