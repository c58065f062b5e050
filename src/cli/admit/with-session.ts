import { unreachableWords } from "../doctor/checks/reachability.js";
import { EntryError, enter } from "../doctor/entry.js";
import { Session } from "../doctor/session.js";
import type { Target } from "../doctor/target.js";
import { CommandError, exitCode } from "../exit.js";

/**
 * Connects to a node for the time of `use`, each until it has been silent for `timeout` ms.
 *
 * @throws CommandError if the node cannot be asked.
 */
export async function withSession<T>(
  target: Target,
  timeout: number,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await Session.prepare(target, timeout);
  try {
    await enter(session, target);
    return await use(session);
  } catch (thrown) {
    if (!(thrown instanceof EntryError)) throw thrown;
    throw new CommandError(exitCode.unavailable, `${target.name}: ${unreachableWords(thrown)}`);
  } finally {
    session.close();
  }
}
