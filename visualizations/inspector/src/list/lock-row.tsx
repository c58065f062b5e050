import { plain } from "../../../../src/cli/plain.js";
import type { LockView } from "../../../../src/inspector/feed/frames.js";
import { useInspector } from "../context.js";
import { StateLabel } from "../frame/state-label.js";
import { hashOf } from "../model/route.js";
import { shownName } from "../model/shown-name.js";
import { isSilent } from "../model/silence.js";
import { retriesOf } from "../model/sort.js";
import { topState } from "../model/states.js";
import { Validity } from "./validity.js";

export const rowId = (id: string): string => `lock-${id}`;

interface Props {
  readonly lock: LockView;
  readonly index: number;
  /** Distance in px from the first row. */
  readonly top: number;
  readonly active: boolean;
  readonly open: boolean;
}

export function LockRow({ lock, index, top, active, open }: Props) {
  const inspector = useInspector();
  const route = { view: "lock", id: lock.id } as const;
  const retries = retriesOf(lock);
  const name = shownName(lock);
  return (
    // The grid handles keys: it has the focus and tracks the active row.
    <div
      id={rowId(lock.id)}
      role="row"
      tabIndex={-1}
      class="row row-grid"
      aria-rowindex={index + 2}
      aria-selected={open}
      data-active={active}
      data-lock-state={topState(lock.state)}
      style={{ transform: `translateY(${top}px)` }}
      onClick={(event) => {
        // The link inside may be opened in another tab.
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        inspector.active.value = lock.id;
        inspector.go(route);
      }}
    >
      <div role="gridcell" tabIndex={-1} data-column="state">
        <StateLabel state={lock.state} />
      </div>
      <div role="gridcell" tabIndex={-1} data-column="resource" title={name}>
        <a href={hashOf(route)} tabIndex={-1}>
          {name}
        </a>
        {lock.more !== undefined && lock.more > 0 && <span class="muted"> and {lock.more} more</span>}
      </div>
      <div role="gridcell" tabIndex={-1} data-column="owner">
        <Owner source={lock.source} />
      </div>
      <div role="gridcell" tabIndex={-1} data-column="validity">
        <Validity lock={lock} />
      </div>
      <div role="gridcell" tabIndex={-1} data-column="retries" data-zero={retries === 0}>
        {retries}
      </div>
      <div role="gridcell" tabIndex={-1} data-column="fence">
        {lock.fence ?? "–"}
      </div>
    </div>
  );
}

export function Owner({ source }: { readonly source: string }) {
  const inspector = useInspector();
  const view = inspector.aggregate.value.current.sources.get(source);
  if (view === undefined) return <span class="muted">unknown</span>;
  const owner = plain(view.beat.owner);
  return (
    <span class="owner" title={`${owner}, process ${view.beat.pid}`}>
      {owner} <span class="muted">{view.beat.pid}</span>
      {isSilent(view, inspector.now.value) && <span class="badge warn">silent</span>}
    </span>
  );
}
