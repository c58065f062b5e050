import { plain } from "../../../../src/cli/plain.js";
import { isShared } from "../../../../src/inspector/feed/lease-kind.js";
import { runOutWords } from "../../../../src/inspector/feed/silence.js";
import { useInspector } from "../context.js";
import { Owner } from "../frame/owner.js";
import { StateLabel } from "../frame/state-label.js";
import { formatDuration } from "../model/duration.js";
import { hashOf } from "../model/route.js";
import { topState } from "../model/states.js";
import { KindLabel } from "../resource/kind-label.js";
import { isRunOut, type ResourceView, routeOf, shownLock } from "../resource/resources.js";
import { troubleNames } from "../resource/trouble-names.js";

export const rowId = (key: string): string => `resource-${key}`;

interface Props {
  readonly view: ResourceView;
  readonly index: number;
  /** Distance in px from the first row. */
  readonly top: number;
  readonly active: boolean;
  readonly open: boolean;
}

export function ResourceRow({ view, index, top, active, open }: Props) {
  const inspector = useInspector();
  const route = routeOf(view);
  const name = plain(view.name);
  const lock = shownLock(view);
  const { waiters, heldSince, waitingSince, trouble } = view;
  const now = inspector.now.value;
  return (
    // The grid handles keys: it has the focus and tracks the active row.
    <div
      id={rowId(view.key)}
      role="row"
      tabIndex={-1}
      class="row row-grid"
      aria-rowindex={index + 2}
      aria-selected={open}
      data-active={active}
      data-lock-state={topState(lock?.state ?? "idle")}
      data-trouble={trouble ?? undefined}
      style={{ transform: `translateY(${top}px)` }}
      onClick={(event) => {
        // The link inside may be opened in another tab.
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        // The link's own address lacks what the list shows.
        event.preventDefault();
        inspector.active.value = view.key;
        inspector.go(route);
      }}
    >
      <div role="gridcell" tabIndex={-1} data-column="state">
        <StateLabel state={lock?.state ?? "idle"} />
        {trouble !== null && <span class="badge bad">{troubleNames[trouble]}</span>}
      </div>
      <div role="gridcell" tabIndex={-1} data-column="resource" title={name}>
        <a href={hashOf(route)} tabIndex={-1}>
          {view.prefix !== "" && <span class="muted">{plain(view.prefix)}</span>}
          {name}
        </a>
        <KindLabel kind={view.kind} />
      </div>
      <div role="gridcell" tabIndex={-1} data-column="holder">
        <HolderWords view={view} />
      </div>
      <div role="gridcell" tabIndex={-1} data-column="held">
        {heldSince === null ? "–" : formatDuration(now - heldSince)}
      </div>
      <div role="gridcell" tabIndex={-1} data-column="waiters" data-zero={waiters.length === 0}>
        {waiters.length}
        <span class="unit"> waiting</span>
      </div>
      <div role="gridcell" tabIndex={-1} data-column="wait">
        {waitingSince === null ? "–" : formatDuration(now - waitingSince)}
      </div>
    </div>
  );
}

/** Nobody holds it, or the last holder's lease has run out unheard. */
function Last({ view }: { readonly view: ResourceView }) {
  const last = view.others.find(isRunOut);
  return (
    <span class="muted" title={last === undefined ? undefined : runOutWords}>
      {last === undefined ? (
        "free"
      ) : (
        <>
          last: <Owner source={last.source} />
        </>
      )}
    </span>
  );
}

function HolderWords({ view }: { readonly view: ResourceView }) {
  const { kind, holders, inUse, permits } = view;
  if (kind === "semaphore") return `${inUse} of ${permits} permits`;
  const [holder, ...others] = holders;
  if (holder === undefined) return <Last view={view} />;
  if (others.length > 0 && holders.every(isShared)) return `${holders.length} readers`;
  return (
    <>
      <Owner source={holder.source} />
      {others.length > 0 && <span class="muted"> and {others.length} more</span>}
    </>
  );
}
