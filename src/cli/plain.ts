/**
 * What others gave, in one line and with nothing that a terminal would obey: no control characters, and none that turn
 * the text around or hide it. One mark stands for each run of them, so that it shows.
 */
export const plain = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, "\u{fffd}");
