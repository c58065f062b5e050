import { useEffect, useRef, useState } from "preact/hooks";
import type { LockView, Step } from "../../../../src/inspector/feed/frames.js";
import { useInspector } from "../context.js";
import { mergeSteps } from "../model/merge-steps.js";

export interface OpenLock {
  /** As it was seen last; null if it was never seen. */
  readonly lock: LockView | null;
  /** It is not there any more. */
  readonly gone: boolean;
  /** Since the page was opened, oldest first. */
  readonly heard: readonly Step[];
  /** With what the server remembers. */
  readonly steps: readonly Step[];
}

/** One lock, with its past; what was known of it stays when it goes. */
export function useLock(id: string): OpenLock {
  const inspector = useInspector();
  const { current } = inspector.world.value;
  // A new one with each connection, which begins with nothing of what was heard on the one before.
  const hello = inspector.hello.value;
  const [remembered, remember] = useState<readonly Step[]>([]);
  const seen = useRef<{ lock: LockView; heard: readonly Step[] } | null>(null);
  useEffect(() => {
    let wanted = true;
    void inspector.historyOf(id).then((steps) => {
      if (wanted) remember(steps);
    });
    return () => {
      wanted = false;
    };
  }, [inspector, id, hello]);
  const lock = current.locks.get(id);
  // The world's own list grows in place, by which a component could not tell that there is more.
  if (lock !== undefined) seen.current = { lock, heard: [...current.history(id)] };
  const heard = seen.current?.heard ?? [];
  return {
    lock: seen.current?.lock ?? remembered.at(-1)?.lock ?? null,
    gone: lock === undefined,
    heard,
    steps: mergeSteps(remembered, heard),
  };
}
