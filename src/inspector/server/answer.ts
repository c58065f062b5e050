import type { IncomingMessage, ServerResponse } from "node:http";
import { printable } from "../../support/redaction.js";
import type { AccessToken } from "./access-token.js";
import { refuse } from "./reply.js";
import { admissionOf, type OwnNames, refusalOf } from "./request-policy.js";
import type { Routes } from "./routes.js";

/** Answers a request. `url`: its path and query, relative to the page. */
export function answer(
  request: IncomingMessage,
  response: ServerResponse,
  names: OwnNames,
  token: AccessToken | null,
  routes: Routes,
  url: string,
): void {
  // A reader may disconnect at any time; what was left to send is dropped.
  for (const end of [request, response]) end.on("error", () => undefined);
  // The path is compared character by character, so it must not be normalised by the URL parser.
  const [path = "", rest = ""] = url.split(/\?(.*)/s, 2);
  const query = new URLSearchParams(rest);
  const refusal =
    refusalOf(request, path, names, routes.methodsOf(path)) ??
    (token === null ? null : admissionOf(request, path, query.get("token"), token));
  if (refusal !== null) return refuse(response, refusal);
  routes.answer(path, query, request.method === "HEAD", response).catch((error: unknown) => {
    if (response.headersSent) return void response.destroy();
    const why = error instanceof Error ? printable(error.message) : "unknown";
    refuse(response, { status: 500, line: `This could not be answered: ${why}` });
  });
}
