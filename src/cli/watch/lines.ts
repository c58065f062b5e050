import type { FrameAggregate, SourceView } from "../../inspector/feed/frame-aggregate.js";
import type { Beat, Frame, LockView, Step } from "../../inspector/feed/frames.js";
import { votesAgain } from "../../support/votes-again.js";
import type { Colours } from "../colours.js";
import { describeHolder } from "../holder.js";
import { plain } from "../plain.js";
import { colourOf } from "./colours.js";
import type { NodeAnswer } from "./node-query.js";
import { detailsOf, resourcesOf, stateDetails } from "./words.js";

/**
 * The lines for a frame, one per step. `aggregate`: the state before the frame. `showPrefix`: put the prefix before
 * resources.
 */
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
      // Locks whose steps were printed one by one are not printed again.
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
  return joined(
    `${paint.bold(resourcesOf(lock, prefix))} ${path} ${plain(event)} ${who}`,
    detailsOf(step, nodes),
  );
}

function lockWords(lock: LockView, time: number, prefix: string, who: string, paint: Colours): string {
  const { state } = lock;
  const path = `${paint.bold(resourcesOf(lock, prefix))} is ${colourOf(state, paint)(plain(state))}`;
  return joined(`${path} ${who}`, stateDetails(lock, state, time));
}

/** Only what has changed, because a beat comes every second. */
function beatWords(beat: Beat, source: SourceView | undefined, paint: Colours): string[] {
  const owner = plain(beat.owner);
  const before = source?.closed === false ? source.beat : undefined;
  const missed = beat.missed - (before?.missed ?? beat.missed);
  return [
    ...(before === undefined
      ? [`${owner} tells of its locks: ${beat.inUse} in use, on ${beat.nodes.length} nodes`]
      : []),
    ...(missed > 0
      ? [paint.dim(`${owner} left out ${missed} steps: there are more than the rate limit allows`)]
      : []),
    ...beat.nodes.flatMap(({ name, state, cause, until }) => {
      const was = before?.nodes.find((node) => node.name === name)?.state;
      if (state === was || (was === undefined && (state === "ready" || state === "connecting"))) return [];
      const votes = until === null ? [] : [votesAgain(until - beat.time)];
      const path = `${was === undefined ? "is" : `${paint.dim(was)} →`} ${colourOf(state, paint)(state)}`;
      return [
        joined(`${paint.bold(plain(name))} ${path} ${paint.dim(`says ${owner}`)}`, [
          ...(cause ? [plain(cause)] : []),
          ...votes,
        ]),
      ];
    }),
  ];
}

/** The line for the nodes' answer about a resource that no process reports. */
export function askedLine({ inspection, time }: NodeAnswer, paint: Colours): string {
  const { resource, held, holder, keptUntil } = inspection;
  const words =
    held === null
      ? paint.red("unknown: too few nodes answered")
      : held
        ? `${paint.yellow(keptUntil === undefined ? "held" : "kept")} by ${plain(describeHolder(holder))}`
        : paint.green("free");
  return `${paint.dim(clock(time))} ${paint.bold(plain(resource))} is ${words} ${paint.dim("(asked)")}`;
}

const joined = (what: string, details: readonly string[]) => [what, ...details].join(", ");

/** `12:00:01.123` in the local time zone. An invalid time is shown as dashes. */
export function clock(time: number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "--:--:--.---";
  const digits = (value: number, length = 2) => String(value).padStart(length, "0");
  const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()].map((value) =>
    digits(value),
  );
  return `${hours}:${minutes}:${seconds}.${digits(date.getMilliseconds(), 3)}`;
}
