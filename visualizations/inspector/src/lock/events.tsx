import { useState } from "preact/hooks";
import type { Step } from "../../../../src/inspector/feed/frames.js";
import { StateLabel } from "../frame/state-label.js";
import { formatClock } from "../model/duration.js";
import { detailsOf } from "../model/step-details.js";
import { textOf } from "../model/step-text.js";

/** Lines that are shown; all are copied. */
const most = 100;

function Details({ step }: { readonly step: Step }) {
  const details = detailsOf(step);
  return details === "" ? null : <span class="event-details">{details}</span>;
}

/** A lock's steps as text, the newest first. */
export function Events({ steps }: { readonly steps: readonly Step[] }) {
  const [copied, become] = useState<"" | "copied" | "cannot copy">("");
  const copy = () => {
    // Browsers give the clipboard only to pages from this machine, or over TLS.
    Promise.resolve(navigator.clipboard?.writeText(textOf(steps)) ?? Promise.reject())
      .then(() => become("copied"))
      .catch(() => become("cannot copy"));
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
        <p class="muted">Nothing has happened to this lock since it is looked on at.</p>
      ) : (
        <ol class="events" reversed>
          {steps
            .slice(-most)
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
              </li>
            ))}
        </ol>
      )}
    </>
  );
}
