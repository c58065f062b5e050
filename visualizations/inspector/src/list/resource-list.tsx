import { useLayoutEffect, useRef } from "preact/hooks";
import { isPermit } from "../../../../src/inspector/feed/lease-kind.js";
import { useInspector } from "../context.js";
import { moveActive } from "../model/move-active.js";
import { keyOf, type ResourceView, routeOf } from "../resource/resources.js";
import { ColumnHeads } from "./column-heads.js";
import { ResourceRow, rowId } from "./resource-row.js";
import { useVirtual } from "./use-virtual.js";
import { useWidth } from "./use-width.js";

/** Width in px below which a row has two lines. */
const narrow = 640;
const rowHeights = { wide: 36, condensed: 56 };

/** A grid that keeps only the visible rows in the document; the keyboard moves through all of them. */
export function ResourceList({ rows }: { readonly rows: readonly ResourceView[] }) {
  const inspector = useInspector();
  const scroller = useRef<HTMLDivElement>(null);
  const condensed = useWidth(scroller) < narrow;
  const rowHeight = condensed ? rowHeights.condensed : rowHeights.wide;
  const virtual = useVirtual(rows.length, rowHeight, scroller);
  const route = inspector.route.value;
  const openId = useOpenKey();
  const activeId = inspector.active.value ?? openId;

  // Only when a lock is opened, not whenever the rows change.
  useLayoutEffect(() => {
    const at = openId === null ? -1 : rows.findIndex(({ key }) => key === openId);
    if (at >= 0) virtual.show(at);
  }, [openId, condensed]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // The column heads are buttons inside the grid.
    if (event.key === "Enter" && event.target instanceof HTMLButtonElement) return;
    const at = rows.findIndex(({ key }) => key === activeId);
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1);
    const to = moveActive(event.key, at, rows.length, page);
    const view = to === null ? undefined : rows[to];
    if (to !== null && view !== undefined) {
      event.preventDefault();
      inspector.active.value = view.key;
      virtual.show(to);
      if (route.view !== "locks") inspector.go(routeOf(view));
    } else if (event.key === "Enter" && rows[at] !== undefined) {
      event.preventDefault();
      inspector.go(routeOf(rows[at]));
    }
  };

  return (
    <div
      id="locks"
      class="lock-list"
      role="grid"
      aria-label="Resources"
      aria-rowcount={rows.length + 1}
      aria-activedescendant={activeId === null ? undefined : rowId(activeId)}
      tabIndex={0}
      data-condensed={condensed}
      onKeyDown={onKeyDown}
      onFocus={() => {
        inspector.active.value ??= openId ?? rows[0]?.key ?? null;
      }}
    >
      <ColumnHeads />
      <div class="scroller" ref={scroller} role="rowgroup" tabIndex={-1}>
        <div class="rows" role="presentation" style={{ height: `${rows.length * rowHeight}px` }}>
          {rows.slice(virtual.first, virtual.end).map((view, at) => (
            <ResourceRow
              key={view.key}
              view={view}
              index={virtual.first + at}
              top={(virtual.first + at) * rowHeight}
              active={view.key === activeId}
              open={view.key === openId}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

/** The resource that is shown, or that the shown lock locks. */
function useOpenKey(): string | null {
  const { route, aggregate } = useInspector();
  const shown = route.value;
  if (shown.view === "resource") return keyOf(shown.prefix, shown.name, shown.semaphore);
  if (shown.view !== "lock") return null;
  const { locks, sources } = aggregate.value.current;
  const lock = locks.get(shown.id);
  const [name] = lock?.resources ?? [];
  return lock === undefined || name === undefined
    ? null
    : keyOf(sources.get(lock.source)?.beat.prefix ?? "", name, isPermit(lock));
}
