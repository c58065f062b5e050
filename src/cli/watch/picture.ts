import type { FrameAggregate } from "../../inspector/feed/frame-aggregate.js";
import type { LockView } from "../../inspector/feed/frames.js";
import { formatDuration } from "../duration.js";
import { plain } from "../plain.js";
import type { Asked } from "./asking.js";
import { clock } from "./lines.js";
import { askedRow, inOrder, rowOf } from "./rows.js";
import type { Picture } from "./table.js";

/** Nodes that are told of in one note. */
const mostNodes = 5;

export interface Scene {
  readonly aggregate: FrameAggregate;
  /** What the nodes were asked, by resource. */
  readonly asked: ReadonlyMap<string, Asked>;
  /** What was asked for; undefined if locks under any prefix are shown. */
  readonly prefix: string | undefined;
  /** About the watch itself. */
  readonly notes: readonly string[];
}

/** The table of all that is seen, at `now` (epoch ms). */
export function pictureOf({ aggregate, asked, prefix, notes }: Scene, now: number): Picture {
  const answers = [...asked.values()];
  const locks = inOrder(aggregate.locks.values());
  const inUse = locks.filter(({ state }) => state !== "idle" && state !== "expired").length;
  const processes = [...aggregate.sources.values()].filter(({ closed }) => !closed).length;
  return {
    title: `holdfast watch  ${clock(now).slice(0, 8)}  ${counted(processes, "process", "processes")}, ${counted(inUse, "lock", "locks")} in use`,
    count: answers.length + locks.length,
    row(index) {
      const answer = answers[index];
      if (answer !== undefined) return askedRow(answer, now);
      // The picture asks for no more than there are.
      const lock = locks[index - answers.length] as LockView;
      const source = aggregate.sources.get(lock.source);
      return rowOf(lock, {
        source,
        step: aggregate.history(lock.id).at(-1),
        now,
        showPrefix: prefix === undefined,
      });
    },
    notes: [...notes, ...nodeNotes(aggregate, now)],
  };
}

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** What the processes say of nodes that are not well, each node once. */
function nodeNotes({ sources }: FrameAggregate, now: number): string[] {
  const ill = new Map<string, string>();
  for (const { beat, lag, closed } of sources.values()) {
    if (closed) continue;
    for (const { name, state, cause, until } of beat.nodes) {
      if (state === "ready" || ill.has(name)) continue;
      const votes =
        until === null ? "" : `, votes again in ${formatDuration(Math.max(0, until - (now - lag)))}`;
      ill.set(
        name,
        `${plain(name)} ${state}${cause === null ? "" : ` (${plain(cause)})`}${votes}, says ${plain(beat.owner)}`,
      );
    }
  }
  const all = [...ill.values()];
  const more = all.length > mostNodes ? [`and ${all.length - mostNodes} more nodes that are not well`] : [];
  return [...all.slice(0, mostNodes), ...more];
}
