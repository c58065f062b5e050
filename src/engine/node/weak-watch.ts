import type { Connection, LockNode } from "./lock-node.js";

interface ConnectionObserver {
  onConnection(connection: Connection, cause: Error | undefined): void;
}

type Unwatch = () => void;

/** The weak watches of each node. They live with it: what the registry below holds must not keep any node alive. */
const watches = new WeakMap<LockNode, Set<Unwatch>>();

/** Ends the watch of one that nobody has any more. */
const abandoned = new FinalizationRegistry<WeakRef<Unwatch>>((unwatch) => unwatch.deref()?.());

/** Tells of the node's connection without keeping who is told: a client may outlive many quorums that nobody closed. */
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

/** Apart: a function keeps whatever is in sight where it is made. */
const listenerOf = (watcher: WeakRef<ConnectionObserver>) => (connection: Connection, cause?: Error) =>
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
