import { Redis } from "ioredis";

/** Long enough for a busy machine, short enough to tell that a server is silent. */
const CALL_TIMEOUT_MS = 2_000;

export interface CallOptions {
  readonly password?: string;
  /** Default 0. */
  readonly database?: number;
  /** In ms; for connecting and answering together. */
  readonly timeoutMs?: number;
}

/** The raw reply to one command, over a connection made for it. Rejects when the server is silent or refuses. */
export async function callRedis(
  port: number,
  command: readonly [string, ...(string | number)[]],
  options: CallOptions = {},
): Promise<unknown> {
  const { password, database = 0, timeoutMs = CALL_TIMEOUT_MS } = options;
  const client = new Redis({
    host: "127.0.0.1",
    port,
    db: database,
    ...(password === undefined ? {} : { password }),
    // One attempt, no questions of its own: what comes back is about this command.
    lazyConnect: true,
    retryStrategy: () => null,
    enableReadyCheck: false,
    disableClientInfo: true,
    protocol: 2,
  });
  let lastError: Error | undefined;
  client.on("error", (error) => {
    lastError = error;
  });
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`No answer to ${command[0]} from port ${port} within ${timeoutMs} ms`));
    }, timeoutMs);
  });
  const [name, ...args] = command;
  const answer = client.connect().then(() => client.call(name, ...args));
  // Whoever loses the race must not become an unhandled rejection.
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, silence]);
  } catch (error) {
    // ioredis says "Connection is closed."; the cause is what it emitted before.
    throw lastError ?? error;
  } finally {
    clearTimeout(timer);
    client.disconnect();
  }
}
