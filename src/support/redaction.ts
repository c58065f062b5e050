/** How what users gave appears in messages: short, whatever its size, and without credentials. Never throws. */

/** At most so many characters of it. */
export const clip = (text: string, longest = 80): string =>
  text.length > longest ? `${text.slice(0, longest - 3)}...` : text;

/** What a server says: as much of it as fits a message, and nothing that a terminal would obey. */
export const saying = (text: string): string => clip(text, 300).replace(/\p{Cc}+/gu, " ");

/** Addresses without user and password; by their ends, because a password may have any character in it. */
export function withoutCredentials(text: string): string {
  const start = text.indexOf("://");
  const end = text.lastIndexOf("@");
  return start === -1 || end < start ? text : `${text.slice(0, start + 3)}***${text.slice(end)}`;
}

/** The value in words; of what is not simple only its kind. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(clip(withoutCredentials(value)));
  if (typeof value === "bigint") return clip(`${value}n`);
  if ((typeof value === "object" && value !== null) || typeof value === "function") return kindOf(value);
  return clip(String(value));
}

/** Its kind alone, where the value may be anything: a password too. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  try {
    if (Array.isArray(value)) return value.length === 0 ? "an empty array" : `an array of ${value.length}`;
    const kind: unknown = Object.getPrototypeOf(value)?.constructor?.name;
    return typeof kind === "string" && kind !== "Object" ? `an object of class ${clip(kind)}` : "an object";
  } catch {
    return "an object that cannot be read";
  }
}

/** What servers say of a user without the right. Which command or key it was they do not always tell. */
const forbidden = /^NOPERM |user executing the script can't (run|access)/;

/** A server's refusal, with the way to what is behind it where that is not said. */
export const explained = (message: string): string =>
  forbidden.test(message) ? `${message}; \`holdfast doctor\` names the missing right` : message;
