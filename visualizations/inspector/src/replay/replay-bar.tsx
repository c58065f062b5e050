import { useEffect } from "preact/hooks";
import { utc } from "../axis/zone.js";
import { useInspector } from "../context.js";
import { formatClock } from "../model/duration.js";
import { type Replay, speeds } from "./replay.js";

/** The controls that step through a recording and play it. */
export function ReplayBar({ replay }: { readonly replay: Replay }) {
  const inspector = useInspector();
  const { positions, cursor, time, playing, speed, lock } = replay;
  const step = positions.stepAt(cursor.value);
  const { from, to } = inspector.axis.past.value ?? { from: time.value, to: time.value };
  const route = inspector.route.value;
  const open = route.view === "lock" ? route.id : null;
  const live = inspector.hello.value?.mode === "live";
  useEffect(() => {
    if (lock.peek() !== open) lock.value = null;
  }, [lock, open]);
  return (
    <section class="replay-bar" aria-label="Replay">
      <div class="replay-buttons">
        <Control label="Step back" keys="ArrowLeft" path="M15 6 9 12l6 6" onClick={() => replay.previous()} />
        <Control
          label={playing.value ? "Pause" : "Play"}
          keys="Space"
          path={playing.value ? "M9 6v12M15 6v12" : "M8 5v14l11-7z"}
          onClick={() => replay.toggle()}
        />
        <Control label="Step forward" keys="ArrowRight" path="m9 6 6 6-6 6" onClick={() => replay.next()} />
      </div>
      <input
        class="scrub"
        type="range"
        min={from}
        max={Math.max(to, time.value)}
        step={1}
        value={time.value}
        aria-label="Time"
        aria-valuetext={formatClock(time.value)}
        onInput={({ currentTarget }) => {
          replay.pause();
          void replay.seekTime(currentTarget.valueAsNumber);
        }}
      />
      <output class="position">
        step {step} of {positions.steps}
        {!replay.isWhole && " loaded"}
      </output>
      <time class="replay-clock">
        {formatClock(time.value)} {utc.value ? "UTC" : "local"}
      </time>
      {open !== null && (
        <button
          type="button"
          class="button"
          aria-pressed={lock.value !== null}
          onClick={() => {
            lock.value = lock.value === null ? open : null;
          }}
        >
          Only this lock
        </button>
      )}
      {live && (
        <button type="button" class="button" onClick={() => inspector.showLive()}>
          Back to live
        </button>
      )}
      <label class="speed">
        <span class="visually-hidden">Speed</span>
        <select
          value={speed.value}
          onChange={({ currentTarget }) => {
            speed.value = Number(currentTarget.value);
          }}
        >
          {speeds.map((one) => (
            <option key={one} value={one}>
              {one}×
            </option>
          ))}
        </select>
      </label>
    </section>
  );
}

interface ControlProps {
  readonly label: string;
  readonly keys: string;
  readonly path: string;
  readonly onClick: () => void;
}

function Control({ label, keys, path, onClick }: ControlProps) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      aria-keyshortcuts={keys}
      title={label}
      onClick={onClick}
    >
      <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
        <path d={path} />
      </svg>
    </button>
  );
}
