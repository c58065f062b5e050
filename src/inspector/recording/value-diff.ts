/**
 * The difference between two values of JSON, as a value of JSON that is small if they are alike:
 *
 * - an array of index, difference, index, difference, … for the changed fields of an object with the same keys in the
 *   same order, or for the changed items of an array of the same length
 * - the increase, for two integers
 * - `{ "=": value }` for any other array or object, and where the increase would not be exact
 * - the value itself otherwise
 */
export function diffOf(before: unknown, after: unknown): unknown {
  if (isContainer(after)) {
    if (!isContainer(before)) return { "=": after };
    const keys = keysOf(after);
    if (!haveSameKeys(before, after, keys)) return { "=": after };
    const changes: unknown[] = [];
    for (let at = 0; at < keys.length; at += 1) {
      const key = keys[at]!;
      if (!isSame(before[key], after[key])) changes.push(at, diffOf(before[key], after[key]));
    }
    return changes;
  }
  if (!Number.isSafeInteger(before) || !Number.isSafeInteger(after)) return after;
  const increase = (after as number) - (before as number);
  return Number.isSafeInteger(increase) ? increase : { "=": after };
}

/** The value after the difference. Leaves `before` as it is. Throws for what is no difference of that value. */
export function patched(before: unknown, diff: unknown): unknown {
  if (Array.isArray(diff)) {
    if (!isContainer(before)) throw new TypeError("there is nothing to change");
    // A key of a foreign object may be "__proto__": a spread copies it as a field.
    const after = (Array.isArray(before) ? [...before] : { ...before }) as Container;
    const keys = keysOf(before);
    for (let at = 0; at < diff.length; at += 2) {
      const key = keys[diff[at] as number];
      if (key === undefined || key === "__proto__") throw new TypeError("there is no such field");
      after[key] = patched(before[key], diff[at + 1]);
    }
    return after;
  }
  if (isContainer(diff)) return diff["="];
  return Number.isSafeInteger(before) && Number.isSafeInteger(diff)
    ? (before as number) + (diff as number)
    : diff;
}

type Container = Record<string, unknown>;

const isContainer = (value: unknown): value is Container => typeof value === "object" && value !== null;

const keysOf = (value: Container): string[] => Object.keys(value);

function haveSameKeys(one: Container, other: Container, keys: readonly string[]): boolean {
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const others = keysOf(one);
  return others.length === keys.length && others.every((key, at) => key === keys[at]);
}

function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (!isContainer(one) || !isContainer(other)) return false;
  const keys = keysOf(other);
  return haveSameKeys(one, other, keys) && keys.every((key) => isSame(one[key], other[key]));
}
