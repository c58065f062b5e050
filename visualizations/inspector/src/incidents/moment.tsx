import { plain } from "../../../../src/cli/plain.js";
import type { Incident } from "../../../../src/inspector/incidents/incident.js";
import { useInspector } from "../context.js";
import { Owner } from "../frame/owner.js";
import { StateLabel } from "../frame/state-label.js";
import { isMereWaiting } from "../model/asks.js";
import { formatClock, formatDuration } from "../model/duration.js";
import { hashOf } from "../model/route.js";
import { shownName } from "../model/shown-name.js";

/** Time in ms around the shown moment in which incidents count as having happened then, and before it for steps. */
const around = 5_000;
/** Maximum number of steps shown. */
const maxSteps = 50;

/** While the past is shown: the incidents around that moment, and the last steps of all locks before it. */
export function Moment({ incidents }: { readonly incidents: readonly Incident[] }) {
  const { replay, aggregate } = useInspector();
  const time = replay.value?.time.value;
  if (time === undefined) return null;
  const near = incidents.filter((incident) => Math.abs(incident.time - time) <= around);
  const { current } = aggregate.value;
  const steps = [...current.keptSteps()]
    .map((step) => ({ ...step, time: step.time + (current.sources.get(step.lock.source)?.lag ?? 0) }))
    .filter((step) => step.time > time - around && step.time <= time && !isMereWaiting(step))
    .sort((one, other) => one.time - other.time);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable with the keyboard
    <section class="panel moment" aria-labelledby="moment-title" tabIndex={0}>
      <h2 id="moment-title">What happened at {formatClock(time).slice(0, 8)}</h2>
      {near.length + steps.length === 0 && (
        <p class="muted">Nothing: no lock took a step in the {formatDuration(around)} before.</p>
      )}
      <ol class="events">
        {near.map(({ id, kind, text, time: at }) => (
          <li key={id} data-incident={kind}>
            <time>{formatClock(at)}</time>
            <a class="incident-kind" href={hashOf({ view: "incidents", id })}>
              {plain(text)}
            </a>
          </li>
        ))}
        {steps
          .slice(-maxSteps)
          .reverse()
          .map(({ time: at, lock, event, from, to }) => (
            <li key={`${at} ${lock.id} ${event} ${from}`}>
              <time>{formatClock(at)}</time>
              <span>
                <a href={hashOf({ view: "lock", id: lock.id })}>{shownName(lock)}</a> of{" "}
                <Owner source={lock.source} />: <code>{plain(event)}</code>{" "}
                <StateLabel state={plain(to)} whole />
              </span>
            </li>
          ))}
      </ol>
    </section>
  );
}
