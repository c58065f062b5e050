import { useState } from "preact/hooks";
import { plain } from "../../../../src/cli/plain.js";
import type { Step } from "../../../../src/inspector/feed/frames.js";
import { StateLabel } from "../frame/state-label.js";
import { foldAsks } from "../model/asks.js";
import { formatClock, formatDuration } from "../model/duration.js";
import { shownName } from "../model/shown-name.js";
import { detailsOf } from "../model/step-details.js";
import { textOf } from "../model/step-text.js";

/** Maximum number of lines shown; all lines are copied. */
const maxLines = 100;

/** The events of one arrow. */
interface Picked {
  readonly label: string;
  readonly steps: readonly Step[];
  /** The steps are of several locks, which are named. */
  readonly many: boolean;
}

interface Props {
  readonly steps: readonly Step[];
  readonly picked: Picked | null;
  readonly onClear: () => void;
}

/** A lock's steps as text, the newest first; or the steps that took an arrow of the chart. */
export function Events({ steps, picked, onClear }: Props) {
  const [copied, setCopied] = useState<"" | "copied" | "cannot copy">("");
  const shown = picked?.steps ?? steps;
  const copy = () => {
    // Browsers grant the clipboard only to pages from this machine, or over TLS.
    Promise.resolve(navigator.clipboard?.writeText(textOf(shown)) ?? Promise.reject())
      .then(() => setCopied("copied"))
      .catch(() => setCopied("cannot copy"));
  };
  const entries = picked === null ? foldAsks(steps) : shown.map((step) => ({ kind: "step" as const, step }));
  return (
    <>
      <div class="panel-head">
        <h2 id="events-title">
          {picked === null ? "Events" : `${shown.length.toLocaleString("en")} × ${picked.label}`}
        </h2>
        <output class="muted">{copied}</output>
        {picked !== null && (
          <button type="button" class="button" onClick={onClear}>
            All events
          </button>
        )}
        <button type="button" class="button" disabled={shown.length === 0} onClick={copy}>
          Copy
        </button>
      </div>
      {shown.length === 0 ? (
        <p class="muted">
          {picked === null
            ? "No events of this lock have been observed yet."
            : "No step that took this arrow has been observed yet."}
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable with the keyboard
        <ol class="events" reversed tabIndex={0} aria-labelledby="events-title">
          {entries
            .slice(-maxLines)
            .reverse()
            .map((entry) =>
              entry.kind === "step" ? (
                <Line key={keyOf(entry.step)} step={entry.step} named={picked?.many === true} />
              ) : (
                <li key={keyOf(entry.first)} data-kind="asks">
                  <time>{formatClock(entry.last.time)}</time>
                  <span>
                    asked {entry.count} times in {formatDuration(entry.last.time - entry.first.time)}
                  </span>
                  <span class="event-details">
                    waits in line: it keeps its place by asking, and nothing has failed
                  </span>
                </li>
              ),
            )}
        </ol>
      )}
    </>
  );
}

const keyOf = ({ time, event, from, lock }: Step): string => `${time} ${event} ${from} ${lock.id}`;

function Line({ step, named }: { readonly step: Step; readonly named: boolean }) {
  const details = detailsOf(step);
  return (
    <li>
      <time>{formatClock(step.time)}</time>
      <code>{plain(step.event)}</code>
      {named && <span class="event-way">{shownName(step.lock)}</span>}
      <span class="event-way">
        <span class="muted">{plain(step.from)} → </span>
        <StateLabel state={plain(step.to)} whole />
      </span>
      {details !== "" && <span class="event-details">{details}</span>}
      {step.trace !== undefined && (
        <span class="event-details muted">
          trace <code>{plain(step.trace)}</code>
        </span>
      )}
    </li>
  );
}
