import type { FrameAggregate } from "../../inspector/feed/frame-aggregate.js";
import type { LockView } from "../../inspector/feed/frames.js";
import { hasRunOut } from "../../inspector/feed/silence.js";
import { votesAgain } from "../../support/votes-again.js";
import { plain } from "../plain.js";
import { clock } from "./lines.js";
import { inOrder } from "./lock-order.js";
import type { NodeAnswer } from "./node-query.js";
import { askedRow, rowOf } from "./rows.js";
import type { Picture } from "./table.js";
import type { TableKeys } from "./table-keys.js";

/** Maximum number of nodes with a note of their own. */
const maxNodes = 5;

export interface Scene {
  readonly aggregate: FrameAggregate;
  /** The nodes' latest answers, by resource. */
  readonly asked: ReadonlyMap<string, NodeAnswer>;
  /** The requested prefix; undefined if locks under any prefix are shown. */
  readonly prefix: string | undefined;
  /** Notices about the watch itself. */
  readonly notes: readonly string[];
  /** What the user has chosen with keys. Default: the first page, trouble first. */
  readonly keys?: Pick<TableKeys, "order" | "page" | "help">;
}

/** The table of all locks at `now` (epoch ms). */
export function pictureOf({ aggregate, asked, prefix, notes, keys }: Scene, now: number): Picture {
  const answers = [...asked.values()];
  const isOver = (lock: LockView) => hasRunOut(lock, aggregate.sources.get(lock.source), now);
  const locks = inOrder(aggregate.locks.values(), keys?.order, isOver);
  const inUse = locks.filter(
    (lock) => lock.state !== "idle" && lock.state !== "expired" && !isOver(lock),
  ).length;
  const processes = [...aggregate.sources.values()].filter(({ closed }) => !closed).length;
  return {
    title: `holdfast watch  ${clock(now).slice(0, 8)}  ${counted(processes, "process", "processes")}, ${counted(inUse, "lock", "locks")} in use${keys === undefined || keys.help === "" ? "" : `  by ${keys.order} (${keys.help})`}`,
    page: keys?.page ?? 0,
    count: answers.length + locks.length,
    row(index) {
      const answer = answers[index];
      if (answer !== undefined) return askedRow(answer, now);
      // The table requests only indices below `count`.
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

/** Notes on nodes that are not ready according to a process, one note per node. */
function nodeNotes({ sources }: FrameAggregate, now: number): string[] {
  const unready = new Map<string, string>();
  for (const { beat, lag, closed } of sources.values()) {
    if (closed) continue;
    for (const { name, state, cause, until } of beat.nodes) {
      if (state === "ready" || unready.has(name)) continue;
      const votes = until === null ? "" : `, ${votesAgain(until - (now - lag))}`;
      unready.set(
        name,
        `${plain(name)} ${state}${cause === null ? "" : ` (${plain(cause)})`}${votes}, says ${plain(beat.owner)}`,
      );
    }
  }
  const all = [...unready.values()];
  const more = all.length > maxNodes ? [`and ${all.length - maxNodes} more nodes that are not well`] : [];
  return [...all.slice(0, maxNodes), ...more];
}
