import { useRef, useState } from "preact/hooks";
import { plain } from "../../../../src/cli/plain.js";
import { useInspector } from "../context.js";
import { formatClock, formatDuration } from "../model/duration.js";
import { Lanes } from "./lanes-picture.js";
import { OverviewPicture } from "./overview-picture.js";
import { utc } from "./zone.js";

/** Smallest span in ms that can be enlarged, and the least part of the axis that counts as a drag. */
const minSpan = 2_000;
const minDrag = 0.01;

/** What happened, over time: drag to enlarge a part, click to show that moment. */
export function TimeAxis() {
  const inspector = useInspector();
  const { past, span } = inspector.axis;
  const frame = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<{ readonly from: number; readonly to: number } | null>(null);
  const known = past.value;
  if (known === null) return null;
  const shown = span.value ?? known;
  const replay = inspector.replay.value;
  const live = inspector.hello.value?.mode === "live";
  const partAt = (x: number) => {
    const box = frame.current?.getBoundingClientRect();
    return box === undefined ? 0 : Math.min(1, Math.max(0, (x - box.left) / box.width));
  };
  const timeAt = (part: number) => shown.from + part * (shown.to - shown.from);
  const zoom = (factor: number) => {
    const middle = replay?.time.peek() ?? (shown.from + shown.to) / 2;
    const half = Math.max(minSpan, (shown.to - shown.from) * factor) / 2;
    const isAll = half * 2 >= known.to - known.from;
    span.value = isAll ? null : { from: middle - half, to: middle + half };
  };
  return (
    <section class="axis" aria-label="Time axis">
      <div class="axis-tools">
        <span class="axis-title">
          {formatClock(shown.from).slice(0, 8)} to {formatClock(shown.to).slice(0, 8)}{" "}
          {utc.value ? "UTC" : "local"}
          <span class="muted">
            {" "}
            · {formatDuration(shown.to - shown.from)}
            {known.examined < 1 && ` · ${Math.round(known.examined * 100)} % examined`}
          </span>
        </span>
        {live && replay === null && (
          <button type="button" class="button" onClick={() => void inspector.showPast(Date.now())}>
            Pause
          </button>
        )}
        <button type="button" class="button" aria-label="Zoom in" onClick={() => zoom(0.25)}>
          +
        </button>
        <button type="button" class="button" aria-label="Zoom out" onClick={() => zoom(4)}>
          −
        </button>
        {span.value !== null && (
          <button
            type="button"
            class="button"
            onClick={() => {
              span.value = null;
            }}
          >
            All
          </button>
        )}
        <button
          type="button"
          class="button"
          aria-pressed={utc.value}
          onClick={() => {
            utc.value = !utc.value;
          }}
        >
          UTC
        </button>
        <JumpTo near={shown.to} onJump={(time) => void inspector.showPast(time)} />
        {live && (
          <a class="button" href="recording" download>
            Save the last hour
          </a>
        )}
      </div>
      <div
        ref={frame}
        class="axis-picture"
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          const part = partAt(event.clientX);
          setDrag({ from: part, to: part });
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={({ clientX }) => drag !== null && setDrag({ from: drag.from, to: partAt(clientX) })}
        onPointerCancel={() => setDrag(null)}
        onPointerUp={({ clientX }) => {
          if (drag === null) return;
          const [from, to] = [Math.min(drag.from, partAt(clientX)), Math.max(drag.from, partAt(clientX))];
          setDrag(null);
          if (to - from < minDrag) return void inspector.showPast(timeAt(to));
          if (timeAt(to) - timeAt(from) >= minSpan) span.value = { from: timeAt(from), to: timeAt(to) };
        }}
      >
        <OverviewPicture
          overview={known.overview}
          incidents={inspector.incidents.value}
          from={shown.from}
          to={shown.to}
          at={replay?.time.value ?? null}
        />
        {drag !== null && (
          <div
            class="axis-drag"
            style={{
              left: `${Math.min(drag.from, drag.to) * 100}%`,
              width: `${Math.abs(drag.to - drag.from) * 100}%`,
            }}
          />
        )}
      </div>
      {span.value !== null && <Lanes from={shown.from} to={shown.to} />}
      {inspector.failure.value !== null && <p class="axis-failure">{plain(inspector.failure.value)}</p>}
    </section>
  );
}

/** A field for a time of day, or for a date and a time, near the end of the axis. */
function JumpTo({ near, onJump }: { readonly near: number; onJump(time: number): void }) {
  return (
    <form
      class="jump"
      onSubmit={(event) => {
        event.preventDefault();
        const field = event.currentTarget.elements.namedItem("time");
        if (!(field instanceof HTMLInputElement)) return;
        const time = timeOf(field.value, near);
        field.setCustomValidity(time === null ? "A time such as 02:13 or 2026-01-02 02:13:30" : "");
        if (time === null) field.reportValidity();
        else onJump(time);
      }}
    >
      <input
        name="time"
        class="jump-field"
        placeholder="HH:MM:SS"
        aria-label={`Jump to a time (${utc.value ? "UTC" : "local"})`}
        onInput={({ currentTarget }) => currentTarget.setCustomValidity("")}
      />
    </form>
  );
}

/**
 * The last such time before `near`, in epoch ms; null for what is no time. A second is meant as a whole, so that what happened in it
 * is shown.
 */
function timeOf(text: string, near: number): number | null {
  const match = /^(?:(\d{4}-\d\d-\d\d)[ T])?(\d{1,2}):(\d\d)(?::(\d\d(?:\.\d{1,3})?))?Z?$/.exec(text.trim());
  if (match === null) return null;
  const [, date, hours = "", minutes = "", seconds = "0"] = match;
  const end = new Date(near);
  const local = utc.value ? end.toISOString().slice(0, 10) : isoDay(end);
  const clock = `${hours.padStart(2, "0")}:${minutes}:${seconds.padStart(2, "0")}`;
  const time = Date.parse(`${date ?? local}T${clock}${utc.value ? "Z" : ""}`);
  if (Number.isNaN(time)) return null;
  const day = date === undefined && time > near ? 86_400_000 : 0;
  return time - day + (/^\d+$/.test(seconds) ? 999 : 0);
}

const isoDay = (day: Date): string =>
  [day.getFullYear(), day.getMonth() + 1, day.getDate()]
    .map((part) => String(part).padStart(2, "0"))
    .join("-");
