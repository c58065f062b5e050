import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { everyClient, withNode } from "../clients/every-client.js";
import { startStub } from "../clients/stub-server.js";
import { acquire, one, reachesConnection, tokenOf, uniqueKey } from "../contract/subject.js";
import { bounded, replay } from "./support/property.js";

// Allows thousands of inputs on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

/** A value on the wire, and whether it grants a command. */
interface Wire {
  readonly text: string;
  readonly grants: boolean;
}

const bulk = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
const plain = (text: string): Wire => ({ text, grants: false });

const value: fc.Arbitrary<Wire> = fc.oneof(
  fc.constantFrom<Wire>({ text: ":1\r\n", grants: true }, { text: bulk("1"), grants: true }),
  fc
    .constantFrom("$-1\r\n", "*-1\r\n", "*0\r\n", "$0\r\n\r\n", "+OK\r\n", "+QUEUED\r\n", ":0\r\n", ":-1\r\n")
    .map(plain),
  fc
    .integer()
    .filter((n) => n !== 1)
    .map((n) => plain(`:${n}\r\n`)),
  fc
    .string({ unit: "binary", maxLength: 40 })
    .filter((text) => !/^0*1$/.test(text))
    .map((text) => plain(bulk(text))),
  fc.constantFrom(1, 5).map((n) => plain(bulk("x".repeat(n * 100_000)))),
  fc.integer({ min: 1, max: 30 }).map((depth) => plain(`${"*1\r\n".repeat(depth)}:1\r\n`)),
  fc
    .array(fc.integer({ min: -3, max: 9 }), { maxLength: 8 })
    .map((list) => plain(`*${list.length}\r\n${list.map((n) => `:${n}\r\n`).join("")}`)),
);
const refusal = fc
  .stringMatching(/^[A-Z]{2,10} [ -~]{0,30}$/)
  .filter((text) => !/^(NOSCRIPT|MOVED|ASK|NOAUTH|READONLY|LOADING|MASTERDOWN|CLUSTERDOWN) /.test(text))
  .map((text): Wire => plain(`-${text}\r\n`));
/** A complete reply to one command. */
const reply: fc.Arbitrary<Wire> = fc.oneof(
  { weight: 6, arbitrary: value.map(({ text, grants }) => ({ text: `*1\r\n${text}`, grants })) },
  {
    weight: 2,
    arbitrary: value.filter(({ text }) => !text.startsWith("*1\r\n")).map(({ text }) => plain(text)),
  },
  { weight: 1, arbitrary: refusal },
  {
    weight: 1,
    arbitrary: fc.tuple(value, value).map((two) => plain(`*2\r\n${two.map(({ text }) => text).join("")}`)),
  },
);

let port = 0;
it.each(everyClient(() => port))(
  "%s: what a server sends is a grant only if it is exactly one",
  async (_, open) => {
    const property = fc.asyncProperty(fc.array(reply, { minLength: 50, maxLength: 50 }), async (replies) => {
      const stub = await startStub(...replies.map(({ text }) => text));
      port = stub.port;
      try {
        await withNode(open, async (node) => {
          for (const { text, grants } of replies) {
            if (node.connection !== "ready") await bounded(reachesConnection(node, "ready"));
            const { kind } = await bounded(one(node, acquire(uniqueKey(), tokenOf("me"))));
            if ((kind === "granted") !== grants)
              throw new Error(`${JSON.stringify(text.slice(0, 100))} is ${kind}`);
          }
          expect(stub.calls).toHaveLength(replies.length);
        });
      } finally {
        await stub.close();
      }
    });
    await fc.assert(property, { numRuns: 4, endOnFailure: true, ...replay });
  },
);
