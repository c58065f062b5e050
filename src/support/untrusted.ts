/** Checks of untrusted values. No function here throws. */

/** Runs a predicate; false if it throws, as reading a revoked proxy does. */
export function testSafely(test: () => boolean): boolean {
  try {
    return test();
  } catch {
    return false;
  }
}

/**
 * Whether the text has no lone surrogates. UTF-8 cannot represent a lone surrogate: texts that differ only in such
 * characters would be stored alike.
 */
export const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

export const isList = (value: unknown): value is readonly unknown[] => testSafely(() => Array.isArray(value));

/** What an options object contains: null for a value that is no options object. `failure`: why it cannot be read. */
interface Contents {
  readonly entries: [string, unknown][] | null;
  readonly failure?: { readonly cause: unknown };
}

/**
 * Reads an options object. A value of another kind has no entries: for example, an AbortSignal passed in place of options would
 * otherwise be ignored without an error.
 */
export function contentsOf(options: unknown): Contents {
  if (typeof options !== "object" || options === null || isList(options)) return { entries: null };
  try {
    const entries = Object.entries(options);
    const prototype: unknown = Object.getPrototypeOf(options);
    // Recognised by shape: plain objects of another realm have another prototype.
    const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
    return { entries: isPlain || entries.length > 0 ? entries : null };
  } catch (cause) {
    return { entries: null, failure: { cause } };
  }
}

/** The entries of an options object; null for a value that is not an options object, or cannot be read. */
export const entriesOf = (options: unknown): [string, unknown][] | null => contentsOf(options).entries;
