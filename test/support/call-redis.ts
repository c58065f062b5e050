import { Redis } from "ioredis";

/** Long enough for a busy machine, and short enough to detect a silent server. */
const CALL_TIMEOUT_MS = 2_000;

export interface CallOptions {
  readonly password?: string;
  /** The database. Default 0. */
  readonly database?: number;
  /** Timeout in ms for connecting and answering together. */
  readonly timeoutMs?: number;
}

/** Sends one command over a new connection. Resolves with the raw reply; rejects if the server is silent or refuses. */
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
    // A single attempt and no commands of the client's own, so that the reply belongs to this command.
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
  // Prevents an unhandled rejection of the promise that loses the race.
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, silence]);
  } catch (error) {
    // ioredis rejects with "Connection is closed."; the cause is the error that it emitted before.
    throw lastError ?? error;
  } finally {
    clearTimeout(timer);
    client.disconnect();
  }
}
