import fc from "fast-check";

/** A secret that must never be shown, whatever argument contains it. */
export const secret = "s3cr3t-Passw0rd";

/** A text longer than any message may repeat. */
const huge = "x".repeat(512 * 1024);

/** A proxy that throws when its keys or its prototype are read. */
const throwingProxy = new Proxy(
  {},
  {
    getPrototypeOf: () => {
      throw new Error("getPrototypeOf");
    },
    ownKeys: () => {
      throw new Error("ownKeys");
    },
  },
);

/** A valid node. */
export const goodAddress = `redis://user:${secret}@127.0.0.1:6379`;

/** An object that never settles when awaited. */
// biome-ignore lint/suspicious/noThenProperty: the object must look like a promise.
const thenable = { then: () => {} };

const { [huge]: HugelyNamed = Object } = { [huge]: class {} };

class Own {
  readonly ttl = "own";
}

/** Values that callers without types may pass. Secrets are in the places where programs put them. */
const oddValues: readonly unknown[] = [
  undefined,
  null,
  true,
  false,
  0,
  -0,
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.MAX_SAFE_INTEGER + 1,
  Number.MAX_VALUE,
  Number.MIN_VALUE,
  0n,
  5n,
  2n ** 4_096n,
  "",
  " ",
  "0",
  "1000",
  "Infinity",
  "true",
  "\0",
  "a\nb",
  "\u001b[2J",
  "\ud800",
  "__proto__",
  "constructor",
  huge,
  goodAddress,
  `redis://user:${secret}/more@127.0.0.1:6379`,
  [goodAddress],
  { password: secret, host: "127.0.0.1" },
  { nodes: [goodAddress] },
  Symbol("a symbol"),
  Symbol(huge),
  Symbol.iterator,
  [],
  [[]],
  [""],
  [undefined],
  ["a", "a"],
  new Array(3),
  {},
  Object.create(null),
  JSON.parse('{"__proto__": {"polluted": true}}'),
  JSON.parse('{"constructor": {"prototype": {"polluted": true}}}'),
  { toString: () => huge },
  {
    toString: () => {
      throw new Error("toString");
    },
  },
  thenable,
  { length: 1, 0: "a" },
  Object.freeze({ [huge]: 1 }),
  new Own(),
  new HugelyNamed(),
  () => {},
  async () => {},
  class {},
  new Map([["ttl", 1]]),
  new Set(["a"]),
  new Date(Number.NaN),
  /a/,
  new Error(secret),
  Buffer.from(secret),
  new Uint8Array(4),
  Promise.resolve(1),
  new AbortController(),
  AbortSignal.abort(),
  new Proxy({}, {}),
  throwingProxy,
  globalThis,
];

/** Any value. */
export const anything: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...oddValues) },
  { weight: 2, arbitrary: fc.oneof(fc.double(), fc.integer(), fc.bigInt(), fc.string({ unit: "binary" })) },
  { weight: 1, arbitrary: fc.anything({ maxDepth: 2, withBigInt: true, withNullPrototype: true }) },
);

/** Any value that is not allowed. */
export const otherThan = (allowed: (value: unknown) => boolean): fc.Arbitrary<unknown> =>
  anything.filter((value) => !allowed(value));

/** Any value that is not allowed and not undefined, which means "not set". */
export const given = (allowed: (value: unknown) => boolean): fc.Arbitrary<unknown> =>
  otherThan((value) => value === undefined || allowed(value));

/**
 * Arguments of which one or all are invalid. `good` and `bad` have the same length; null in `bad` means that every
 * argument in that position is valid.
 */
export function badArguments(
  good: readonly unknown[],
  bad: readonly (fc.Arbitrary<unknown> | null)[],
): fc.Arbitrary<readonly unknown[]> {
  const places = bad.flatMap((arbitrary, place) => (arbitrary === null ? [] : [{ arbitrary, place }]));
  const one = places.map(({ arbitrary, place }) =>
    arbitrary.map((value) => good.map((usual, index) => (index === place ? value : usual))),
  );
  const all = fc.tuple(...bad.map((arbitrary, index) => arbitrary ?? fc.constant(good[index])));
  return fc.oneof(...one, all);
}
