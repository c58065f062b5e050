import { useState } from "preact/hooks";
import type { Step } from "../../../../src/inspector/feed/frames.js";
import { StateLabel } from "../frame/state-label.js";
import { formatClock } from "../model/duration.js";
import { detailsOf } from "../model/step-details.js";
import { textOf } from "../model/step-text.js";

/** Maximum number of lines shown; all lines are copied. */
const maxLines = 100;

function Details({ step }: { readonly step: Step }) {
  const details = detailsOf(step);
  return details === "" ? null : <span class="event-details">{details}</span>;
}

/** A lock's steps as text, the newest first. */
export function Events({ steps }: { readonly steps: readonly Step[] }) {
  const [copied, setCopied] = useState<"" | "copied" | "cannot copy">("");
  const copy = () => {
    // Browsers grant the clipboard only to pages from this machine, or over TLS.
    Promise.resolve(navigator.clipboard?.writeText(textOf(steps)) ?? Promise.reject())
      .then(() => setCopied("copied"))
      .catch(() => setCopied("cannot copy"));
  };
  return (
    <>
      <div class="panel-head">
        <h2 id="events-title">Events</h2>
        <output class="muted">{copied}</output>
        <button type="button" class="button" disabled={steps.length === 0} onClick={copy}>
          Copy
        </button>
      </div>
      {steps.length === 0 ? (
        <p class="muted">No events of this lock have been observed yet.</p>
      ) : (
        <ol class="events" reversed>
          {steps
            .slice(-maxLines)
            .reverse()
            .map((step) => (
              <li key={`${step.time} ${step.event} ${step.from}`}>
                <time>{formatClock(step.time)}</time>
                <code>{step.event}</code>
                <span class="event-way">
                  <span class="muted">{step.from} → </span>
                  <StateLabel state={step.to} whole />
                </span>
                <Details step={step} />
                {step.trace !== undefined && (
                  <span class="event-details muted">
                    trace <code>{step.trace}</code>
                  </span>
                )}
              </li>
            ))}
        </ol>
      )}
    </>
  );
}
