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

/** What reading the properties of the value throws. */
export function readFailureOf(value: object): { readonly error: unknown } | null {
  try {
    Object.entries(value);
    return null;
  } catch (error) {
    return { error };
  }
}

/**
 * The entries of an options object; null for a value that is not an options object. For example, an AbortSignal passed
 * in place of options would otherwise be ignored without an error.
 */
export function entriesOf(options: unknown): [string, unknown][] | null {
  if (typeof options !== "object" || options === null || isList(options)) return null;
  try {
    const entries = Object.entries(options);
    const prototype: unknown = Object.getPrototypeOf(options);
    // Recognised by shape: plain objects of another realm have another prototype.
    const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
    return isPlain || entries.length > 0 ? entries : null;
  } catch {
    return null;
  }
}
