import type { RefObject } from "preact";
import { useEffect, useLayoutEffect } from "preact/hooks";
import { type Drawn, layoutOf } from "./arrows.js";
import { changeView, chartView, nextZoom } from "./chart-view.js";
import { showLit } from "./show-lit.js";
import type { Highlight } from "./step-follower.js";

/** Zooms and moves the full chart within its frame, and keeps both from one lock to the next. */
export function usePan(
  frame: RefObject<HTMLElement>,
  drawn: Drawn,
  drawing: string,
  { state }: Highlight,
): void {
  const { level, zoom, follows } = chartView.value;
  useLayoutEffect(() => {
    const { current } = frame;
    const svg = current?.querySelector("svg");
    if (current === null || current === undefined || svg == null) return;
    svg.style.width = level === "full" && zoom !== null ? `${layoutOf(drawn).width * zoom}px` : "";
    if (level !== "full") return;
    const { middle } = chartView.peek();
    current.scrollLeft = middle[0] * current.scrollWidth - current.clientWidth / 2;
    current.scrollTop = middle[1] * current.scrollHeight - current.clientHeight / 2;
  }, [frame, drawing, level, zoom]);
  useLayoutEffect(() => {
    if (level === "full" && follows && frame.current !== null) showLit(frame.current);
  }, [frame, drawing, level, zoom, follows, state]);

  useEffect(() => {
    const { current } = frame;
    if (current === null || level !== "full") return;
    const moved = () => changeView({ follows: false });
    const note = () => {
      changeView({
        middle: [
          (current.scrollLeft + current.clientWidth / 2) / current.scrollWidth,
          (current.scrollTop + current.clientHeight / 2) / current.scrollHeight,
        ],
      });
    };
    const wheel = (event: WheelEvent) => {
      moved();
      if (!event.ctrlKey) return;
      event.preventDefault();
      changeView({ zoom: nextZoom(chartView.peek().zoom, event.deltaY < 0 ? 1 : -1) });
    };
    let held: { readonly x: number; readonly y: number; readonly left: number; readonly top: number } | null =
      null;
    const down = (event: PointerEvent) => {
      if (event.pointerType === "touch") return moved();
      if (event.button !== 0) return;
      held = { x: event.clientX, y: event.clientY, left: current.scrollLeft, top: current.scrollTop };
    };
    const move = (event: PointerEvent) => {
      if (held === null || event.buttons === 0) return;
      moved();
      current.scrollLeft = held.left + held.x - event.clientX;
      current.scrollTop = held.top + held.y - event.clientY;
    };
    const up = () => {
      held = null;
    };
    const key = ({ key }: KeyboardEvent) => {
      if (key.startsWith("Arrow") || key.startsWith("Page")) moved();
    };
    current.addEventListener("scroll", note);
    current.addEventListener("wheel", wheel, { passive: false });
    current.addEventListener("pointerdown", down);
    current.addEventListener("pointermove", move);
    current.addEventListener("pointerup", up);
    current.addEventListener("keydown", key);
    return () => {
      current.removeEventListener("scroll", note);
      current.removeEventListener("wheel", wheel);
      current.removeEventListener("pointerdown", down);
      current.removeEventListener("pointermove", move);
      current.removeEventListener("pointerup", up);
      current.removeEventListener("keydown", key);
    };
  }, [frame, level]);
}
