import stringWidth from "string-width";

const segmenter = new Intl.Segmenter();

/** Cuts a text without colours to at most `width` terminal columns; a cut text ends in "…". No character is split. */
export function cut(text: string, width: number): string {
  // Printable ASCII: one column per character.
  if (text.length <= width && /^[\x20-\x7e]*$/.test(text)) return text;
  let columns = 0;
  /** The part that leaves room for the mark. */
  let kept = "";
  for (const { segment } of segmenter.segment(text)) {
    columns += stringWidth(segment);
    if (columns > width) return width < 1 ? "" : `${kept}…`;
    if (columns < width) kept += segment;
  }
  return text;
}
