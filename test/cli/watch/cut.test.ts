import fc from "fast-check";
import stringWidth from "string-width";
import { expect, test } from "vitest";
import { plain } from "../../../src/cli/plain.js";
import { cut } from "../../../src/cli/watch/cut.js";

test.each([
  ["payouts:42", 10, "payouts:42"],
  ["payouts:42", 9, "payouts:…"],
  ["漢字漢字", 8, "漢字漢字"],
  ["漢字漢字", 7, "漢字漢…"],
  ["漢字漢字", 6, "漢字…"],
  ["👨‍👩‍👧‍👦👍👍", 5, "👨‍👩‍👧‍👦👍…"],
  ["", 0, ""],
  ["a", 0, ""],
  ["ab", 1, "…"],
])("%j in %d columns is %j", (text, width, expected) => {
  expect(cut(text, width)).toBe(expected);
});

test("any text is cut to any width, and a text that fits is unchanged", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), fc.nat(50), (given, width) => {
      const text = plain(given);
      const fitting = cut(text, width);
      expect(stringWidth(fitting)).toBeLessThanOrEqual(width);
      if (fitting !== text) expect(fitting).toMatch(/…$|^$/);
      else expect(stringWidth(text)).toBeLessThanOrEqual(width);
    }),
  );
});

const driving = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

test("foreign text cannot control a terminal, and is one line", () => {
  const hostile = "a\u001b[2J\u001b]0;title\u0007b\r\nc\u0000d\u009b31me\u202ef\u2028g\ud800h\u200bi";
  expect(plain(hostile)).toBe(
    "a\ufffd[2J\ufffd]0;title\ufffdb\ufffdc\ufffdd\ufffd31me\ufffdf\ufffdg\ufffdh\ufffdi",
  );
  fc.assert(
    fc.property(fc.array(fc.nat(0x10ffff)), (codes) => {
      const text = String.fromCodePoint(...codes);
      expect(driving.test(plain(text))).toBe(false);
    }),
  );
});
