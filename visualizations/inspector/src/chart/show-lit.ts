/** Margin in px around the highlighted state that should be visible too. */
const margin = 48;

/** Scrolls a chart's frame as little as needed to show the highlighted state. */
export function showLit(frame: HTMLElement): void {
  const lit = frame.querySelector(".leaf.lit")?.getBoundingClientRect();
  if (lit === undefined) return;
  const seen = frame.getBoundingClientRect();
  const beyond = (from: number, to: number, start: number, end: number) =>
    from < start + margin ? from - start - margin : Math.max(0, to - end + margin);
  const left = beyond(lit.left, lit.right, seen.left, seen.right);
  const top = beyond(lit.top, lit.bottom, seen.top, seen.bottom);
  if (left === 0 && top === 0) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  frame.scrollBy({ left, top, behavior: still ? "instant" : "smooth" });
}
