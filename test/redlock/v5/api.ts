import type { Redis } from "ioredis";
import { waitUntil } from "../../support/servers.js";
import type { Case, CaseContext } from "../compare.js";

/** The exports that a program of redlock 5 imports. The type is ours: each case shows that such a program compiles. */
export type Api = typeof import("../../../src/redlock.js");
export type V5 = CaseContext<Api>;
export type V5Case = Case<Api>;

type Attempts = InstanceType<Api["ExecutionError"]>["attempts"];

/** A single attempt, for calls that are expected to fail. */
export const once = { retryCount: 0 } as const;

/** The original's outcome when too few clients vote for an operation, as `outcome` shows it. */
export const noQuorumOutcome = {
  error: "ExecutionError",
  message: "The operation was unable to achieve a quorum during its retry window.",
} as const;

/** Enough attempts for a client to reconnect meanwhile. */
export const manyAttempts = { retryCount: 20, retryDelay: 50, retryJitter: 0 } as const;

/** The votes of each attempt, with clients shown by their index. */
export async function votesOf(context: V5, attempts: Attempts, clients: readonly Redis[]) {
  const all = await Promise.all(attempts);
  return all.map(({ membershipSize, quorumSize, votesFor, votesAgainst }) => ({
    membershipSize,
    quorumSize,
    for: clients.flatMap((client, index) => (votesFor.has(client) ? [index] : [])),
    against: clients.flatMap((client, index) => {
      const error = votesAgainst.get(client);
      return error === undefined ? [] : [`${index}: ${error.name}: ${context.plain(error.message)}`];
    }),
  }));
}

/** The error that a promise rejects with. */
async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error("did not reject");
    },
    (error: Error) => error,
  );
}

/** Like `outcome`, but shows only the name of an error, because the packages have different messages. */
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

/** Like `failure`, for an ExecutionError. */
export async function refusal(context: V5, promise: Promise<unknown>) {
  const error = await failure(promise);
  if (error instanceof context.api.ExecutionError) return error;
  throw error;
}

/** The value of the key on each server. */
export const stored = (clients: readonly Redis[], key: string): Promise<(string | null)[]> =>
  Promise.all(clients.map((client) => client.get(key)));

/** Waits until no server has the key any more. */
export const gone = (clients: readonly Redis[], key: string): Promise<void> =>
  waitUntil("the key is gone", 5_000, async () => (await stored(clients, key)).every((is) => is === null));

/** Waits until every server has the key: a quorum suffices for a lock, and the other requests may be in flight. */
export const everywhere = (clients: readonly Redis[], key: string): Promise<void> =>
  waitUntil("the key is everywhere", 5_000, async () =>
    (await stored(clients, key)).every((is) => is !== null),
  );

/** Ends the client's connection for good: its commands fail until it is connected again. */
export async function down(client: Redis): Promise<void> {
  const end = new Promise((resolve) => client.once("end", resolve));
  client.disconnect();
  await end;
}

/** Sets the key as another program does. */
export const setForeignKey = (clients: readonly Redis[], key: string): Promise<unknown> =>
  Promise.all(clients.map((client) => client.set(key, "setForeignKey", "PX", 60_000)));

export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
