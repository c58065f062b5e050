/** For people: `0.31 ms`, `12 ms`, `4,200 ms`. */
export const ms = (value: number): string =>
  `${value < 10 ? Number(value.toFixed(2)) : Math.round(value).toLocaleString("en")} ms`;

/** For people: `12.5 MiB`. */
export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, value)) / 10));
  return `${Number((value / 1024 ** power).toFixed(1))} ${units[power]}`;
}

/** Characters to replace in a server's answers, which may be printed on a terminal. */
export const unprintable = /[\s\p{Cc}\p{Cf}]+/gu;

/** "a", "a and b", "a, b and c". */
export const list = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;

/** "1 node", "3 nodes". */
export const count = (number: number, one: string): string => `${number} ${one}${number === 1 ? "" : "s"}`;

/** "all nodes", or "the 2 nodes that could be asked" if another one could not. */
export const everyAsked = (asked: number, all: number): string =>
  asked === all ? "all nodes" : `the ${count(asked, "node")} that could be asked`;
