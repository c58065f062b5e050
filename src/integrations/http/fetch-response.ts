import type { Refusal } from "./refusal.js";

/** The refusal as a response of the Fetch API. */
export const responseOf = ({ status, headers, body }: Refusal): Response =>
  new Response(body, { status, headers });
