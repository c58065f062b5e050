/** What was given, looked at without trusting it: none of these throws. */

/** What throws when it is looked at, as a proxy that was revoked, is not what is asked for. */
export function looksRight(look: () => boolean): boolean {
  try {
    return look();
  } catch {
    return false;
  }
}

/** What is stored as UTF-8. Half a character has none: all such would be stored as the same one. */
export const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

export const isList = (value: unknown): value is readonly unknown[] => looksRight(() => Array.isArray(value));

/** Null for what can be no options: a signal, say, that is given in their place would silently not hold. */
export function entriesOf(options: unknown): [string, unknown][] | null {
  if (typeof options !== "object" || options === null || isList(options)) return null;
  try {
    const entries = Object.entries(options);
    const prototype: unknown = Object.getPrototypeOf(options);
    // By its shape: plain objects of another realm have another prototype.
    const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
    return isPlain || entries.length > 0 ? entries : null;
  } catch {
    return null;
  }
}
