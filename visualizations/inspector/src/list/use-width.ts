import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

/** px; 0 until it is known. */
export function useWidth(element: RefObject<HTMLElement>): number {
  const [width, become] = useState(0);
  useLayoutEffect(() => {
    const { current } = element;
    if (current === null) return;
    become(current.clientWidth);
    const observer = new ResizeObserver(() => become(current.clientWidth));
    observer.observe(current);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
