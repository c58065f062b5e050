import type { Connection, LockNode } from "./lock-node.js";

interface ConnectionObserver {
  onConnection(connection: Connection, cause: Error | undefined): void;
}

type Unwatch = () => void;

/** The weak watches of each node, stored by node in a WeakMap: the registry below must not keep a node alive. */
const watches = new WeakMap<LockNode, Set<Unwatch>>();

/** Ends the watch of an observer that was garbage-collected. */
const abandoned = new FinalizationRegistry<WeakRef<Unwatch>>((unwatch) => unwatch.deref()?.());

/**
 * Notifies the observer of the node's connection without keeping the observer alive: a client may outlive many quorums
 * that were never closed.
 */
export function watchWeakly(observer: ConnectionObserver, node: LockNode): Unwatch {
  const end = node.watch(listenerOf(new WeakRef(observer)));
  const own = watches.get(node) ?? new Set();
  watches.set(node, own);
  const unwatch = () => {
    own.delete(unwatch);
    end();
  };
  own.add(unwatch);
  abandoned.register(observer, new WeakRef(unwatch));
  return unwatch;
}

/** A separate function, because a closure may keep everything in its scope alive. */
const listenerOf = (watcher: WeakRef<ConnectionObserver>) => (connection: Connection, cause?: Error) =>
  watcher.deref()?.onConnection(connection, cause);

/**
 * Returns a function that calls `then` with the target unless the target was garbage-collected: a timer must not keep
 * an unreferenced engine alive.
 */
export function weakly<Target extends object>(target: Target, then: (target: Target) => void): () => void {
  return callerOf(new WeakRef(target), then);
}

const callerOf =
  <Target extends object>(target: WeakRef<Target>, then: (target: Target) => void) =>
  () => {
    const found = target.deref();
    if (found !== undefined) then(found);
  };
