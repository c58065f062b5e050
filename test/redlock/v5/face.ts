import type { Redis } from "ioredis";
import { waitUntil } from "../../support/servers.js";
import type { Case, Scene } from "../compare.js";

/** What a program of redlock 5 imports. It is the type of ours: each case shows that such a program compiles. */
export type Face = typeof import("../../../src/redlock.js");
export type V5 = Scene<Face>;
export type V5Case = Case<Face>;

type Attempts = InstanceType<Face["ExecutionError"]>["attempts"];

/** One attempt and no more, for what is expected to fail. */
export const once = { retryCount: 0 } as const;

/** What the original comes to when too few of its clients vote for something, as `outcome` shows it. */
export const unachieved = {
  error: "ExecutionError",
  message: "The operation was unable to achieve a quorum during its retry window.",
} as const;

/** Enough attempts for a client to connect again meanwhile. */
export const patient = { retryCount: 20, retryDelay: 50, retryJitter: 0 } as const;

/** Who voted what, in each attempt: clients by their place among those given. */
export async function votesOf(scene: V5, attempts: Attempts, clients: readonly Redis[]) {
  const all = await Promise.all(attempts);
  return all.map(({ membershipSize, quorumSize, votesFor, votesAgainst }) => ({
    membershipSize,
    quorumSize,
    for: clients.flatMap((client, index) => (votesFor.has(client) ? [index] : [])),
    against: clients.flatMap((client, index) => {
      const error = votesAgainst.get(client);
      return error === undefined ? [] : [`${index}: ${error.name}: ${scene.plain(error.message)}`];
    }),
  }));
}

/** What a promise rejected with. */
async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error("did not reject");
    },
    (error: Error) => error,
  );
}

/** As `outcome`, but of an error its name only: for messages that each package has of its own. */
export async function kind(
  promise: PromiseLike<unknown>,
  show: (value: unknown) => unknown = () => "resolved",
) {
  try {
    return show(await promise);
  } catch (error) {
    return (error as Error).name;
  }
}

/** As `failure`, for the error that tells of its attempts. */
export async function refusal(scene: V5, promise: Promise<unknown>) {
  const error = await failure(promise);
  if (error instanceof scene.face.ExecutionError) return error;
  throw error;
}

/** What each of the servers stores there. */
export const stored = (clients: readonly Redis[], key: string): Promise<(string | null)[]> =>
  Promise.all(clients.map((client) => client.get(key)));

/** Waits until no server has the key any more. */
export const gone = (clients: readonly Redis[], key: string): Promise<void> =>
  waitUntil("the key is gone", 5_000, async () => (await stored(clients, key)).every((is) => is === null));

/** Waits until every server has the key: the quorum is enough for a lock, the rest may be under way. */
export const everywhere = (clients: readonly Redis[], key: string): Promise<void> =>
  waitUntil("the key is everywhere", 5_000, async () =>
    (await stored(clients, key)).every((is) => is !== null),
  );

/** Ends the client's connection for good: it fails whatever it is asked until somebody connects it again. */
export async function down(client: Redis): Promise<void> {
  const end = new Promise((resolve) => client.once("end", resolve));
  client.disconnect();
  await end;
}

/** Somebody else's key. */
export const foreign = (clients: readonly Redis[], key: string): Promise<unknown> =>
  Promise.all(clients.map((client) => client.set(key, "foreign", "PX", 60_000)));

export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
