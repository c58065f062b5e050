import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

/** Rows beyond the edge that are drawn too, so that none is missing while scrolling. */
const overscan = 6;

export interface VisibleRows {
  /** The rows to draw: from `first` up to, but without, `end`. */
  readonly first: number;
  readonly end: number;
  /** Scrolls as far as the row needs to be visible. */
  show(index: number): void;
}

/** Determines which rows to draw. `rowHeight`: in px, the same for all rows. */
export function useVirtual(count: number, rowHeight: number, scroller: RefObject<HTMLElement>): VisibleRows {
  const [scrollTop, setScrollTop] = useState(0);
  const [height, setHeight] = useState(0);
  useLayoutEffect(() => {
    const { current } = scroller;
    if (current === null) return;
    const measure = () => {
      setScrollTop(current.scrollTop);
      setHeight(current.clientHeight);
    };
    measure();
    current.addEventListener("scroll", measure, { passive: true });
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    return () => {
      current.removeEventListener("scroll", measure);
      observer.disconnect();
    };
  }, [scroller]);
  // The browser scrolls back only after the list has become shorter.
  const top = Math.min(scrollTop, Math.max(0, count * rowHeight - height));
  return {
    first: Math.max(0, Math.floor(top / rowHeight) - overscan),
    end: Math.min(count, Math.ceil((top + height) / rowHeight) + overscan),
    show(index) {
      const { current } = scroller;
      if (current === null) return;
      const start = index * rowHeight;
      const last = start + rowHeight - current.clientHeight;
      current.scrollTop = Math.min(start, Math.max(last, current.scrollTop));
    },
  };
}
