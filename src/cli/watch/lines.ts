import type { FrameAggregate, SourceView } from "../../inspector/feed/frame-aggregate.js";
import type { Beat, Frame, LockView, Step } from "../../inspector/feed/frames.js";
import type { Colours } from "../colours.js";
import { formatDuration } from "../duration.js";
import { describeHolder } from "../holder.js";
import { plain } from "../plain.js";
import type { Asked } from "./asking.js";
import { colourOf } from "./colours.js";
import { detailsOf, resourcesOf, stateDetails } from "./words.js";

/** What a frame tells, in lines: one a step. `world`: what was heard before it. `showPrefix`: in front of resources. */
export function linesOf(
  frame: Frame,
  aggregate: FrameAggregate,
  paint: Colours,
  showPrefix: boolean,
): string[] {
  const source = aggregate.sources.get(frame.source);
  const who = paint.dim(`by ${plain(source?.beat.owner ?? "somebody unknown")}`);
  const prefix = showPrefix ? (source?.beat.prefix ?? "") : "";
  const line = (time: number, ...words: readonly string[]) => [paint.dim(clock(time)), ...words].join(" ");
  switch (frame.kind) {
    case "beat":
      return beatWords(frame, source, paint).map((words) => line(frame.time, words));
    case "steps":
      return frame.steps.map((step) =>
        line(step.time, stepWords(step, prefix, who, source?.beat.nodes.length ?? 0, paint)),
      );
    case "locks":
      // Steps that were told one by one are not told again.
      return frame.locks
        .filter((lock) => hasMoved(lock, aggregate.locks.get(lock.id)))
        .map((lock) => line(frame.time, lockWords(lock, frame.time, prefix, who, paint)));
    case "gone":
      return [];
    case "bye":
      return source === undefined || source.closed
        ? []
        : [line(frame.time, `${plain(source.beat.owner)} has closed its locks`)];
  }
}

const hasMoved = (lock: LockView, before: LockView | undefined): boolean =>
  before === undefined
    ? lock.state !== "idle"
    : lock.state !== before.state || lock.acquisition !== before.acquisition;

function stepWords(step: Step, prefix: string, who: string, nodes: number, paint: Colours): string {
  const { event, from, to, lock } = step;
  const path = `${paint.dim(plain(from))} → ${colourOf(to, paint)(plain(to))}`;
  return told(
    `${paint.bold(resourcesOf(lock, prefix))} ${path} ${plain(event)} ${who}`,
    detailsOf(step, nodes),
  );
}

function lockWords(lock: LockView, time: number, prefix: string, who: string, paint: Colours): string {
  const { state } = lock;
  const path = `${paint.bold(resourcesOf(lock, prefix))} is ${colourOf(state, paint)(plain(state))}`;
  return told(`${path} ${who}`, stateDetails(lock, state, time));
}

/** Only what is new: it comes once a second. */
function beatWords(beat: Beat, source: SourceView | undefined, paint: Colours): string[] {
  const owner = plain(beat.owner);
  const before = source?.closed === false ? source.beat : undefined;
  const missed = beat.missed - (before?.missed ?? beat.missed);
  return [
    ...(before === undefined
      ? [`${owner} tells of its locks: ${beat.inUse} in use, on ${beat.nodes.length} nodes`]
      : []),
    ...(missed > 0
      ? [paint.dim(`${owner} left out ${missed} steps: they are more than are told one by one`)]
      : []),
    ...beat.nodes.flatMap(({ name, state, cause, until }) => {
      const was = before?.nodes.find((node) => node.name === name)?.state;
      if (state === was || (was === undefined && (state === "ready" || state === "connecting"))) return [];
      const votes = until === null ? [] : [`votes again in ${formatDuration(until - beat.time)}`];
      const path = `${was === undefined ? "is" : `${paint.dim(was)} →`} ${colourOf(state, paint)(state)}`;
      return [
        told(`${paint.bold(plain(name))} ${path} ${paint.dim(`says ${owner}`)}`, [
          ...(cause ? [plain(cause)] : []),
          ...votes,
        ]),
      ];
    }),
  ];
}

/** What the nodes say of a resource of which nobody tells. */
export function askedLine({ inspection, time }: Asked, paint: Colours): string {
  const { resource, held, holder } = inspection;
  const words =
    held === null
      ? paint.red("unknown: too few nodes answered")
      : held
        ? `${paint.yellow("held")} by ${plain(describeHolder(holder))}`
        : paint.green("free");
  return `${paint.dim(clock(time))} ${paint.bold(plain(resource))} is ${words} ${paint.dim("(asked)")}`;
}

const told = (what: string, details: readonly string[]) => [what, ...details].join(", ");

/** `12:00:01.123`, in the time zone of whoever looks on. A time that is none is shown as far as it can be. */
export function clock(time: number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "--:--:--.---";
  const digits = (value: number, length = 2) => String(value).padStart(length, "0");
  const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()].map((value) =>
    digits(value),
  );
  return `${hours}:${minutes}:${seconds}.${digits(date.getMilliseconds(), 3)}`;
}
