/**
 * Makes foreign text safe for a terminal: one line, without control characters and without characters that reverse or
 * hide text. Each run of such characters is replaced by one visible mark.
 */
export const plain = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, "\u{fffd}");
