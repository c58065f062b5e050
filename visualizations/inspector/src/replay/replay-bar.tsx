import { formatClock } from "../model/duration.js";
import { type Replay, speeds } from "./replay.js";

/** The controls that step through a recording and play it. */
export function ReplayBar({ replay }: { readonly replay: Replay }) {
  const { positions, cursor, time, playing, speed } = replay;
  const step = positions.stepAt(cursor.value);
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
        min={0}
        max={positions.steps}
        value={step}
        aria-label="Step"
        aria-valuetext={`step ${step} of ${positions.steps}`}
        onInput={({ currentTarget }) => replay.seekStep(currentTarget.valueAsNumber)}
      />
      <output class="position">
        step {step} of {positions.steps}
      </output>
      <time class="replay-clock">{formatClock(time.value)}</time>
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
