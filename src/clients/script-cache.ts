import type { ScriptCall, ScriptConnection } from "./script-client.js";

const unknownSession = Symbol("a session that the client does not tell");

/** The session in which each connection was last sent the script. */
const sentIn = new WeakMap<ScriptConnection, unknown>();

/**
 * Returns the function that calls the script by its SHA-1; null if the script must be sent as a whole. The first call
 * on each new connection carries the whole script, because a new connection may lead to another server, and checking
 * first would cost a round trip. A server that has lost the script replies NOSCRIPT.
 */
export function knownScript(to: ScriptConnection): ScriptCall | null {
  if (to.evalsha === null) return null;
  const session = to.session ?? unknownSession;
  if (sentIn.get(to) === session) return to.evalsha;
  sentIn.set(to, session);
  return null;
}

/** Forces the next call to carry the script, because the last one may not have reached the server. */
export function forgetScript(to: ScriptConnection): void {
  sentIn.delete(to);
}
