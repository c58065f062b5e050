import type { Connection, LockNode } from "./node.js";

interface Watcher {
  onConnection(connection: Connection, cause: Error | undefined): void;
}

/** Ends the watch of one that nobody has any more. */
const abandoned = new FinalizationRegistry<() => void>((unwatch) => unwatch());

/** Tells of the node's connection without keeping who is told: a client may outlive many quorums that nobody closed. */
export function watchWeakly(watcher: Watcher, node: LockNode): () => void {
  const unwatch = node.watch(listenerOf(new WeakRef(watcher)));
  abandoned.register(watcher, unwatch);
  return unwatch;
}

/** Apart: a function keeps whatever is in sight where it is made. */
const listenerOf = (watcher: WeakRef<Watcher>) => (connection: Connection, cause?: Error) =>
  watcher.deref()?.onConnection(connection, cause);

/** Calls `then` with the target as long as anybody else refers to it: a timer must not keep an unreferenced engine alive. */
export function weakly<Target extends object>(target: Target, then: (target: Target) => void): () => void {
  return callerOf(new WeakRef(target), then);
}

const callerOf =
  <Target extends object>(target: WeakRef<Target>, then: (target: Target) => void) =>
  () => {
    const found = target.deref();
    if (found !== undefined) then(found);
  };
