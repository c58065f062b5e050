import type { LockView } from "../../../../src/inspector/feed/frames.js";
import { isShared } from "../../../../src/inspector/feed/lease-kind.js";
import { runOutWords } from "../../../../src/inspector/feed/silence.js";
import { useInspector } from "../context.js";
import { Owner } from "../frame/owner.js";
import { Validity } from "../list/validity.js";
import { Fact } from "../lock/lock-panels.js";
import { formatClock, formatDuration } from "../model/duration.js";
import { hashOf } from "../model/route.js";
import { isUpgrading, type Kind, weightOf } from "./kind.js";
import { isRunOut, type ResourceView } from "./resources.js";

/** Maximum number of holders shown. */
const maxShown = 100;

/** Who holds a resource: one holder in detail, or several in a table. */
export function Holders({ view }: { readonly view: ResourceView }) {
  const { holders, kind, inUse, permits } = view;
  return (
    <>
      {kind === "semaphore" && <Permits inUse={inUse} all={permits} />}
      <Readers view={view} />
      {view.others
        .filter(isRunOut)
        .slice(0, maxShown)
        .map((lock) => (
          <RunOut key={lock.id} lock={lock} kind={kind} />
        ))}
      {holders.length === 0 && kind !== "semaphore" && (
        <p class="holder free">{kind === "election" ? "Nobody leads." : "Free: nobody holds it."}</p>
      )}
      {holders.length === 1 || (kind !== "semaphore" && kind !== "shared") ? (
        <div class="holders">
          {holders.map((lock) => (
            <Holder key={lock.id} lock={lock} kind={kind} />
          ))}
        </div>
      ) : (
        holders.length > 1 && <HolderTable holders={holders} kind={kind} />
      )}
    </>
  );
}

/** "3 of 5 permits in use", with a box for each permit. */
function Permits({ inUse, all }: { readonly inUse: number; readonly all: number }) {
  return (
    <p class="holder permits" data-full={inUse >= all}>
      <b class="holder-line">
        {inUse} of {all} permits in use
      </b>
      <span class="permit-boxes" aria-hidden="true">
        {Array.from({ length: Math.min(all, maxShown) }, (_, index) => (
          <i key={index} data-taken={index < inUse} />
        ))}
      </span>
    </p>
  );
}

/** How many read; and who of them waits to write. */
function Readers({ view: { kind, holders } }: { readonly view: ResourceView }) {
  if (kind !== "shared") return null;
  const readers = holders.filter(isShared);
  const upgrading = readers.filter(isUpgrading);
  const others = readers.length - 1;
  return (
    <>
      {readers.length > 1 && (
        <p class="holder">
          <b class="holder-line">{readers.length} readers share it</b>
        </p>
      )}
      {upgrading.map((lock) => (
        <p key={lock.id} class="holder upgrade">
          <Owner source={lock.source} link /> waits to become the writer, before everybody in line
          {others > 0 && `: ${others} other ${others === 1 ? "reader has" : "readers have"} to leave first`}
        </p>
      ))}
    </>
  );
}

/** "held", "read", "led", "2 permits held". */
function verbOf(lock: LockView, kind: Kind): string {
  switch (kind) {
    case "semaphore":
      return `${weightOf(lock) === 1 ? "1 permit" : `${weightOf(lock)} permits`} held`;
    case "shared":
      return isShared(lock) ? "read" : "written";
    case "election":
      return "led";
    default:
      return "held";
  }
}

/** "held by api-1 from 12:00:01 to 12:00:06: run out; its process is silent". */
function RunOut({ lock, kind }: { readonly lock: LockView; readonly kind: Kind }) {
  return (
    <p class="holder run-out">
      {verbOf(lock, kind)} by <Owner source={lock.source} link /> from{" "}
      {formatClock(lock.granted ?? lock.since).slice(0, 8)} to {formatClock(lock.validUntil ?? 0).slice(0, 8)}
      : {runOutWords}. <a href={hashOf({ view: "lock", id: lock.id })}>Its life</a>
    </p>
  );
}

/** "held by api-1 for 3 min 12 s, 41 renewals". */
function Holder({ lock, kind }: { readonly lock: LockView; readonly kind: Kind }) {
  const inspector = useInspector();
  const since = lock.granted ?? lock.since;
  const now = inspector.sourceNow(lock.source);
  return (
    <div class="holder" data-at-risk={lock.state === "renewing.retrying"}>
      <p class="holder-line">
        {verbOf(lock, kind)} by{" "}
        <b>
          <Owner source={lock.source} link />
        </b>{" "}
        for <b>{formatDuration(now - since)}</b>, {lock.renewals.toLocaleString("en")}{" "}
        {lock.renewals === 1 ? "renewal" : "renewals"}
      </p>
      <dl class="facts">
        <Fact name="since">{formatClock(since).slice(0, 8)}</Fact>
        <Fact name="validity left">
          <Validity lock={lock} />
        </Fact>
        {lock.terms !== undefined && <Fact name="term of this candidate">{lock.terms}</Fact>}
        <Fact name="fence">{lock.fence ?? "none"}</Fact>
        {lock.resources.length > 1 && (
          <Fact name="together with">{lock.resources.length - 1 + (lock.more ?? 0)} more</Fact>
        )}
        <Fact name="lock">
          <a href={hashOf({ view: "lock", id: lock.id })}>its life</a>
        </Fact>
      </dl>
    </div>
  );
}

function HolderTable({ holders, kind }: { readonly holders: readonly LockView[]; readonly kind: Kind }) {
  return (
    <div class="panel line">
      <h2 id="holders-title">Holders: {holders.length}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable with the keyboard */}
      <section class="line-scroller" aria-labelledby="holders-title" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Owner</th>
              <th scope="col">{kind === "semaphore" ? "Permits" : "Mode"}</th>
              <th scope="col">Held for</th>
              <th scope="col">Validity left</th>
              <th scope="col">Renewals</th>
              <th scope="col">Fence</th>
            </tr>
          </thead>
          <tbody>
            {holders.slice(0, maxShown).map((lock) => (
              <HolderRow key={lock.id} lock={lock} kind={kind} />
            ))}
          </tbody>
        </table>
        {holders.length > maxShown && <p class="muted">and {holders.length - maxShown} more</p>}
      </section>
    </div>
  );
}

function HolderRow({ lock, kind }: { readonly lock: LockView; readonly kind: Kind }) {
  const since = lock.granted ?? lock.since;
  const now = useInspector().sourceNow(lock.source);
  const mode = isUpgrading(lock) ? "reads, then writes" : isShared(lock) ? "reads" : "writes";
  return (
    <tr data-at-risk={lock.state === "renewing.retrying"}>
      <td>
        <Owner source={lock.source} link />
      </td>
      <td>{kind === "semaphore" ? weightOf(lock) : mode}</td>
      <td>
        <a href={hashOf({ view: "lock", id: lock.id })}>
          {formatDuration(now - since)} <span class="muted">{formatClock(since).slice(0, 8)}</span>
        </a>
      </td>
      <td>
        <Validity lock={lock} />
      </td>
      <td>{lock.renewals.toLocaleString("en")}</td>
      <td>{lock.fence ?? "none"}</td>
    </tr>
  );
}
