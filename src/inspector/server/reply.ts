import type { OutgoingHttpHeaders, ServerResponse } from "node:http";

/** The headers of every reply. The page loads nothing from other origins, and other origins have no use for it. */
const commonHeaders: OutgoingHttpHeaders = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "X-Frame-Options": "DENY",
};

/** Writes the head of a reply, which must not be cached unless `more` says so. */
export function head(response: ServerResponse, status: number, type: string, more: OutgoingHttpHeaders = {}) {
  response.writeHead(status, {
    ...commonHeaders,
    "Content-Type": type,
    "Cache-Control": "no-store",
    ...more,
  });
}

/** The reply to a refused request: one line of text. */
export interface Refusal {
  readonly status: number;
  readonly line: string;
  readonly headers?: OutgoingHttpHeaders;
}

export function refuse(response: ServerResponse, { status, line, headers }: Refusal): void {
  head(response, status, "text/plain; charset=utf-8", headers);
  response.end(`${line}\n`);
}

export function sendJson(response: ServerResponse, value: unknown): void {
  head(response, 200, "application/json");
  response.end(JSON.stringify(value));
}
