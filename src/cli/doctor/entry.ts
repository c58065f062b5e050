import { connectFailure, talkFailure } from "./entry-failure.js";
import type { EntryFailure } from "./facts.js";
import { refusalOf } from "./refusal.js";
import type { Session } from "./session.js";
import type { Target } from "./target.js";

/** The server would not let us in. */
export class Shut extends Error {
  constructor(
    readonly failure: EntryFailure,
    message: string,
  ) {
    super(message);
  }
}

/** Connects, and says who we are, as every client does. Throws Shut where that ends. */
export async function enter(session: Session, target: Target): Promise<{ passwordUnneeded: boolean }> {
  await connect(session, target.tls);
  const passwordUnneeded = target.credentials !== null && !(await authenticate(session, target.credentials));
  if (target.database !== 0) await step(session, "SELECT", String(target.database));
  const pong = await step(session, "PING");
  if (pong !== null && pong !== "PONG") {
    throw new Shut("notRedis", "it answers PING with something else than PONG");
  }
  return { passwordUnneeded };
}

async function connect(session: Session, tls: boolean): Promise<void> {
  try {
    await session.connect();
  } catch (thrown) {
    const { touched, late } = session;
    throw new Shut(connectFailure(thrown, { tls, touched, late }), refusalOf(thrown).message);
  }
}

/** False if the server wants no password. */
async function authenticate(session: Session, credentials: readonly string[]): Promise<boolean> {
  const answer = await session.ask("AUTH", ...credentials);
  if (answer.ok) return true;
  const { code, message } = answer.refusal;
  if (/no password is set|without any password configured/i.test(message)) return false;
  // Whatever answers there has just been told the password: its words are not repeated.
  throw new Shut(
    talkFailure(answer.refusal, "AUTH") ?? "password",
    code === "" ? "at AUTH" : `${code} at AUTH`,
  );
}

/** The answer; null for a refusal that shuts nobody out. */
async function step(session: Session, name: "SELECT" | "PING", ...args: string[]): Promise<unknown> {
  const answer = await session.ask(name, ...args);
  if (answer.ok) return answer.value;
  const failure = talkFailure(answer.refusal, name);
  if (failure !== null) throw new Shut(failure, answer.refusal.message);
  return null;
}
