import stringWidth from "string-width";

const segmenter = new Intl.Segmenter();

/** At most so many terminal columns of a text without colours; what is cut ends in "…". No character is cut in two. */
export function cut(text: string, width: number): string {
  // One column each.
  if (text.length <= width && /^[\x20-\x7e]*$/.test(text)) return text;
  let columns = 0;
  /** As much of it as leaves room for the mark. */
  let kept = "";
  for (const { segment } of segmenter.segment(text)) {
    columns += stringWidth(segment);
    if (columns > width) return width < 1 ? "" : `${kept}…`;
    if (columns < width) kept += segment;
  }
  return text;
}
