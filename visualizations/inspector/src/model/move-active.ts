/**
 * The index of the row that a key leads to; null for other keys. `at`: the current row, −1 for none; `page`: number
 * of visible rows.
 */
export function moveActive(key: string, at: number, rows: number, page: number): number | null {
  if (rows === 0) return null;
  const within = (to: number) => Math.max(0, Math.min(rows - 1, to));
  switch (key) {
    case "ArrowDown":
      return within(at + 1);
    case "ArrowUp":
      return within(at < 0 ? 0 : at - 1);
    case "PageDown":
      return within(at + page);
    case "PageUp":
      return within(at - page);
    case "Home":
      return 0;
    case "End":
      return rows - 1;
    default:
      return null;
  }
}
