import { useEffect, useRef, useState } from "preact/hooks";
import type { LockView, Step } from "../../../../src/inspector/feed/frames.js";
import { useInspector } from "../context.js";
import { mergeSteps } from "../model/merge-steps.js";

export interface OpenLock {
  /** The latest view; null if there was none. */
  readonly lock: LockView | null;
  /** The lock no longer exists. */
  readonly gone: boolean;
  /** The steps since the page was opened, oldest first. */
  readonly received: readonly Step[];
  /** The same together with the steps that the server remembers. */
  readonly steps: readonly Step[];
}

/** One lock with its history. The last known state remains after the lock is gone. */
export function useLock(id: string): OpenLock {
  const inspector = useInspector();
  const { current } = inspector.aggregate.value;
  // The history is requested again after each connection, because the page's own steps start over.
  const hello = inspector.hello.value;
  const [remembered, setRemembered] = useState<readonly Step[]>([]);
  const seen = useRef<{ lock: LockView; received: readonly Step[] } | null>(null);
  useEffect(() => {
    let mounted = true;
    // In a replay there is no server that remembers more.
    if (inspector.replay.peek() === null) {
      void historyOf(id).then((steps) => {
        if (mounted) setRemembered(steps);
      });
    }
    return () => {
      mounted = false;
    };
  }, [inspector, id, hello]);
  const lock = current.locks.get(id);
  // The aggregate's own list grows in place, so a component could not detect new steps in it.
  if (lock !== undefined) seen.current = { lock, received: [...current.history(id)] };
  const received = seen.current?.received ?? [];
  return {
    lock: seen.current?.lock ?? remembered.at(-1)?.lock ?? null,
    gone: lock === undefined,
    received,
    steps: mergeSteps(remembered, received),
  };
}

/** Requests the steps that the server remembers of a lock; empty if the server does not answer. */
async function historyOf(id: string): Promise<readonly Step[]> {
  try {
    const response = await fetch(`history?lock=${encodeURIComponent(id)}`);
    return response.ok ? ((await response.json()) as Step[]) : [];
  } catch {
    // The header shows that the server is gone.
    return [];
  }
}
