import type { LockView } from "../../../../src/inspector/feed/frames.js";
import { isPermit, isShared } from "../../../../src/inspector/feed/lease-kind.js";
import { useInspector } from "../context.js";
import { Owner } from "../frame/owner.js";
import { formatClock, formatDuration } from "../model/duration.js";
import { hashOf } from "../model/route.js";
import { weightOf } from "./kind.js";
import type { ResourceView } from "./resources.js";

/** Maximum number of waiters shown. */
const maxShown = 100;

/** Who waits, in the order of the tickets: whoever began first comes first. */
export function WaitingLine({ view }: { readonly view: ResourceView }) {
  const { waiters, kind } = view;
  const wants = kind === "semaphore" || kind === "shared";
  return (
    <div class="panel line">
      <h2 id="line-title">{titleOf(view)}</h2>
      {waiters.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable with the keyboard
        <section class="line-scroller" aria-labelledby="line-title" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col" class="place">
                  #
                </th>
                <th scope="col">Owner</th>
                {wants && <th scope="col">Wants</th>}
                <th scope="col">Waiting since</th>
                <th scope="col">Asked last</th>
              </tr>
            </thead>
            <tbody>
              {waiters.slice(0, maxShown).map((lock, index) => (
                <Waiter key={lock.id} lock={lock} place={index + 1} wants={wants} />
              ))}
            </tbody>
          </table>
          {waiters.length > maxShown && <p class="muted">and {waiters.length - maxShown} more</p>}
        </section>
      )}
    </div>
  );
}

function titleOf({ waiters, kind }: ResourceView): string {
  if (kind === "election")
    return waiters.length === 0 ? "No other candidate" : `Candidates in line: ${waiters.length}`;
  return waiters.length === 0 ? "Nobody waits" : `Waiting in line: ${waiters.length}`;
}

function wishOf(lock: LockView): string {
  if (!isPermit(lock)) return isShared(lock) ? "to read" : "to write";
  return weightOf(lock) === 1 ? "1 permit" : `${weightOf(lock)} permits`;
}

interface WaiterProps {
  readonly lock: LockView;
  readonly place: number;
  readonly wants: boolean;
}

function Waiter({ lock, place, wants }: WaiterProps) {
  const inspector = useInspector();
  const now = inspector.sourceNow(lock.source);
  const began = lock.began ?? lock.since;
  // While it asks, the question is as old as its state.
  const asked = lock.state === "acquiring.asking" ? lock.since : (lock.round?.time ?? null);
  return (
    <tr>
      <td class="place">{place}</td>
      <td>
        <Owner source={lock.source} link />
      </td>
      {wants && <td>{wishOf(lock)}</td>}
      <td>
        <a href={hashOf({ view: "lock", id: lock.id })}>
          {formatDuration(now - began)} <span class="muted">{formatClock(began).slice(0, 8)}</span>
        </a>
      </td>
      <td>
        {asked === null ? "not yet" : `${formatDuration(now - asked)} ago`}
        <span class="muted">
          , {lock.attempts} {lock.attempts === 1 ? "time" : "times"}
        </span>
      </td>
    </tr>
  );
}
