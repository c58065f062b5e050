import type { LockView } from "../../../../src/inspector/feed/frames.js";
import { hasRunOut } from "../../../../src/inspector/feed/silence.js";
import { useInspector } from "../context.js";
import { formatDuration } from "../model/duration.js";
import { validityOf } from "../model/validity.js";

/** The remaining validity of a lease, as a bar and in words. */
export function Validity({ lock }: { readonly lock: Pick<LockView, "source" | "validUntil" | "ttl"> }) {
  const inspector = useInspector();
  const source = inspector.aggregate.value.current.sources.get(lock.source);
  if (hasRunOut(lock, source, inspector.heardAt.value)) return <span class="badge bad">run out</span>;
  const validity = validityOf(lock, inspector.sourceNow(lock.source));
  if (validity === null) return <span class="muted">–</span>;
  return (
    <span class="validity" data-low={validity.fraction < 0.25}>
      <span class="bar" aria-hidden="true">
        <span style={{ transform: `scaleX(${validity.fraction.toFixed(3)})` }} />
      </span>
      <span class="left">{formatDuration(validity.left)}</span>
    </span>
  );
}
