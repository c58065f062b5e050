import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BrowserBuffer as Bytes } from "../../src/support/browser/bytes.js";
import * as browser from "../../src/support/platform.browser.js";
import * as node from "../../src/support/platform.js";

test("the platform of a browser has all that the core takes of Node.js", () => {
  const kinds = (platform: object) =>
    Object.entries(platform)
      .map(([name, value]) => `${name}: ${typeof value}`)
      .sort();
  // The constructor of Node.js is an object here.
  const asHere = (kind: string) => kind.replace("Buffer: function", "Buffer: object");
  expect(kinds(browser)).toEqual(
    kinds(node)
      .map(asHere)
      .map((kind) => (kind === "startThread: function" ? "startThread: object" : kind)),
  );
  expect(Object.keys(browser.processSignals)).toEqual(Object.keys(node.processSignals));
});

describe("its hashes are those of Node.js", () => {
  test.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 1_000])("of %i characters", (length) => {
    const text = "é".repeat(length);
    for (const algorithm of ["sha1", "sha256"] as const)
      for (const encoding of ["hex", "base64url"] as const)
        expect(browser.hashOf(algorithm, text, encoding)).toBe(
          createHash(algorithm).update(text).digest(encoding),
        );
  });
});

describe("its bytes are those of Buffer", () => {
  test("of any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect([...Bytes.from(text)]).toEqual([...Buffer.from(text)]);
        expect(Bytes.from(text).toString()).toBe(text);
        expect(Bytes.byteLength(text)).toBe(Buffer.byteLength(text));
      }),
    );
  });

  test("of any bytes, and parts of them", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(9), (bytes, from) => {
        for (const encoding of ["hex", "base64url", "utf8"] as const)
          expect(Bytes.from(bytes).toString(encoding, from, from + 5)).toBe(
            Buffer.from(bytes).toString(encoding, from, from + 5),
          );
        for (const encoding of ["hex", "base64url"] as const) {
          const text = Buffer.from(bytes).toString(encoding);
          expect([...Bytes.from(text, encoding)]).toEqual([...bytes]);
        }
      }),
    );
  });

  test("of what is no base64", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const known = text.replaceAll("=", "");
        expect([...Bytes.from(known, "base64url")]).toEqual([...Buffer.from(known, "base64url")]);
      }),
    );
  });
});

test("its event loop calls back after promises and timers that are due, in order", async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    browser.afterNextPoll(() => {
      order.push("poll");
      resolve();
    });
    browser.afterTicks(() => order.push("tick"));
    browser.afterJobs(() => order.push("job"));
    browser.nextTick(() => order.push("next"));
    void Promise.resolve().then(() => order.push("promise"));
  });
  expect(order).toEqual(["job", "next", "promise", "tick", "poll"]);
});

test("its random values differ", () => {
  const [one, other] = [Bytes.alloc(16), Bytes.alloc(16)];
  browser.fillRandomly(one);
  browser.fillRandomly(other);
  expect(one.toString("hex")).not.toBe(other.toString("hex"));
});
