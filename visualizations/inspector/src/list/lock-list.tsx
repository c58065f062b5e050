import { useLayoutEffect, useRef } from "preact/hooks";
import type { LockView } from "../../../../src/inspector/feed/frames.js";
import { useInspector } from "../context.js";
import { moveActive } from "../model/move-active.js";
import { ColumnHeads } from "./column-heads.js";
import { LockRow, rowId } from "./lock-row.js";
import { useVirtual } from "./use-virtual.js";
import { useWidth } from "./use-width.js";

/** Width in px below which a row has two lines. */
const narrow = 640;
const rowHeights = { wide: 36, condensed: 56 };

/** A grid that keeps only the visible rows in the document; the keyboard moves through all of them. */
export function LockList({ rows }: { readonly rows: readonly LockView[] }) {
  const inspector = useInspector();
  const scroller = useRef<HTMLDivElement>(null);
  const condensed = useWidth(scroller) < narrow;
  const rowHeight = condensed ? rowHeights.condensed : rowHeights.wide;
  const virtual = useVirtual(rows.length, rowHeight, scroller);
  const route = inspector.route.value;
  const openId = route.view === "lock" ? route.id : null;
  const activeId = inspector.active.value ?? openId;

  // Only when a lock is opened, not whenever the rows change.
  useLayoutEffect(() => {
    const at = openId === null ? -1 : rows.findIndex(({ id }) => id === openId);
    if (at >= 0) virtual.scrollToIndex(at);
  }, [openId, condensed]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // The column heads are buttons inside the grid.
    if (event.key === "Enter" && event.target instanceof HTMLButtonElement) return;
    const at = rows.findIndex(({ id }) => id === activeId);
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1);
    const to = moveActive(event.key, at, rows.length, page);
    const lock = to === null ? undefined : rows[to];
    if (to !== null && lock !== undefined) {
      event.preventDefault();
      inspector.active.value = lock.id;
      virtual.scrollToIndex(to);
      if (openId !== null) inspector.go({ view: "lock", id: lock.id });
    } else if (event.key === "Enter" && activeId !== null && at >= 0) {
      event.preventDefault();
      inspector.go({ view: "lock", id: activeId });
    }
  };

  return (
    <div
      id="locks"
      class="lock-list"
      role="grid"
      aria-label="Locks"
      aria-rowcount={rows.length + 1}
      aria-activedescendant={activeId === null ? undefined : rowId(activeId)}
      tabIndex={0}
      data-condensed={condensed}
      onKeyDown={onKeyDown}
      onFocus={() => {
        inspector.active.value ??= openId ?? rows[0]?.id ?? null;
      }}
    >
      <ColumnHeads />
      <div class="scroller" ref={scroller} role="rowgroup" tabIndex={-1}>
        <div class="rows" role="presentation" style={{ height: `${virtual.getTotalSize()}px` }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const lock = rows[index];
            return (
              lock !== undefined && (
                <LockRow
                  key={lock.id}
                  lock={lock}
                  index={index}
                  top={start}
                  active={lock.id === activeId}
                  open={lock.id === openId}
                />
              )
            );
          })}
        </div>
      </div>
    </div>
  );
}
