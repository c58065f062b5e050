import { wantsTls } from "../../clients/connection-cause.js";
import { examineEndpoint } from "../../clients/endpoint-examination.js";
import { noRedis } from "../../engine/protocol/error-message.js";
import { connectFailure, talkFailure } from "./entry-failure.js";
import type { EntryFailure } from "./facts.js";
import { refusalOf } from "./refusal.js";
import type { Session } from "./session.js";
import type { Target } from "./target.js";

/** The server could not be entered: it was not reachable, or it refused the connection or the credentials. */
export class EntryError extends Error {
  override readonly name = "EntryError";

  constructor(
    readonly failure: EntryFailure,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Connects and authenticates as every client does.
 * @throws EntryError if that fails
 */
export async function enter(session: Session, target: Target): Promise<{ passwordUnneeded: boolean }> {
  try {
    return await handshake(session, target);
  } catch (thrown) {
    throw thrown instanceof EntryError && thrown.failure === "closed"
      ? await explained(thrown, target)
      : thrown;
  }
}

/** By the causes that the examination of a server without credentials finds. */
const byProtocol: Readonly<Record<string, EntryFailure>> = {
  [wantsTls]: "tlsWanted",
  [noRedis]: "notRedis",
};

/** A server that only ends the connection may do so because of the protocol: many servers with TLS answer nothing else. */
async function explained(closed: EntryError, target: Target): Promise<EntryError> {
  const cause = await examineEndpoint(target);
  const failure = byProtocol[cause?.message ?? ""];
  return failure === undefined ? closed : new EntryError(failure, closed.message);
}

async function handshake(session: Session, target: Target): Promise<{ passwordUnneeded: boolean }> {
  await connect(session, target.tls);
  const passwordUnneeded = target.credentials !== null && !(await authenticate(session, target.credentials));
  if (target.database !== 0) await step(session, "SELECT", String(target.database));
  const pong = await step(session, "PING");
  if (pong !== null && pong !== "PONG") {
    throw new EntryError("notRedis", "it answers PING with something else than PONG");
  }
  return { passwordUnneeded };
}

async function connect(session: Session, tls: boolean): Promise<void> {
  try {
    await session.connect();
  } catch (thrown) {
    const { connected, timedOut } = session;
    throw new EntryError(connectFailure(thrown, { tls, connected, timedOut }), refusalOf(thrown).message);
  }
}

/** Returns false if the server requires no password. */
async function authenticate(session: Session, credentials: readonly string[]): Promise<boolean> {
  const answer = await session.ask("AUTH", ...credentials);
  if (answer.ok) return true;
  const { code, message } = answer.refusal;
  if (/no password is set|without any password configured/i.test(message)) return false;
  // The other side has just received the password, so its message is not repeated.
  throw new EntryError(
    talkFailure(answer.refusal, "AUTH") ?? "password",
    code === "" ? "at AUTH" : `${code} at AUTH`,
  );
}

/** Returns the answer, or null for a refusal that does not end the examination. */
async function step(session: Session, name: "SELECT" | "PING", ...args: string[]): Promise<unknown> {
  const answer = await session.ask(name, ...args);
  if (answer.ok) return answer.value;
  const failure = talkFailure(answer.refusal, name);
  if (failure !== null) throw new EntryError(failure, answer.refusal.message);
  return null;
}
