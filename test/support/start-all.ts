interface Stoppable {
  stop(): Promise<void>;
}

/** Starts all at the same time. If one fails, stops the others before it rejects. */
export async function startAll<T extends Stoppable>(starts: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results = await Promise.allSettled(starts.map((start) => start()));
  const started = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failure = results.find((result) => result.status === "rejected");
  if (!failure) return started;
  await stopAll(started);
  throw failure.reason;
}

export async function stopAll(stoppables: readonly Stoppable[]): Promise<void> {
  await Promise.all(stoppables.map((stoppable) => stoppable.stop()));
}
