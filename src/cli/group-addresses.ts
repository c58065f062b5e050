/** The addresses of each group, by its name. A list of groups has the names "1", "2" and so on, as in the library. */
export type GroupAddresses = Readonly<Record<string, readonly string[]>>;

/** A list of lists of addresses, or an object of them; undefined for anything else. */
export function groupAddresses(value: unknown): GroupAddresses | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const entries = Array.isArray(value)
    ? value.map((group, index): [string, unknown] => [String(index + 1), group])
    : Object.entries(value);
  const isGroup = (group: unknown) => Array.isArray(group) && group.every((one) => typeof one === "string");
  return entries.length > 0 && entries.every(([, group]) => isGroup(group))
    ? Object.fromEntries(entries)
    : undefined;
}
