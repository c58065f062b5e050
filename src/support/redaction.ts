/** Formats values from users for messages: bounded in length and without credentials. Never throws. */

/** Cuts the text to a number of characters (default 80). */
export const clip = (text: string, maxLength = 80): string =>
  text.length > maxLength ? `${text.slice(0, maxLength - 3)}...` : text;

/**
 * Makes a server's text safe for a message: at most 300 characters, and no control characters that a terminal would
 * interpret.
 */
export const printable = (text: string): string => clip(text, 300).replace(/\p{Cc}+/gu, " ");

/**
 * Removes user and password from an address. Searches for the outer delimiters, because a password may contain any
 * character.
 */
export function withoutCredentials(text: string): string {
  const start = text.indexOf("://");
  const end = text.lastIndexOf("@");
  return start === -1 || end < start ? text : `${text.slice(0, start + 3)}***${text.slice(end)}`;
}

/** Formats a simple value; for any other value, names only its kind. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(clip(withoutCredentials(value)));
  if (typeof value === "bigint") return clip(`${value}n`);
  if ((typeof value === "object" && value !== null) || typeof value === "function") return kindOf(value);
  return clip(String(value));
}

/** Names only the kind of a value, for places where the value may be a password. */
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

/** How servers report a missing permission. The message does not always name the command or key. */
const forbidden = /^NOPERM |user executing the script can't (run|access)/;

/** Adds advice to a server's refusal when a permission is missing, because the message may not name the permission. */
export const explained = (message: string): string =>
  forbidden.test(message) ? `${message}; \`holdfast doctor\` names the missing right` : message;
