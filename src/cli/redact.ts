import { withoutCredentials } from "../support/redaction.js";

const mask = "***";

/**
 * Texts that must not be printed. Addresses add their credentials as they are read, before any error could quote
 * them.
 */
const secrets = new Set<string>();

/**
 * Minimum length of a secret that is searched for by itself: hiding every "a" would protect nothing and spoil
 * everything.
 */
const minSecretLength = 4;

/** Registers the credentials of an address, well-formed or not. */
export function hideCredentials(address: string): void {
  const end = address.lastIndexOf("@");
  if (end === -1) return;
  const userinfo = address.slice(0, end).replace(/^[^/@]*\/\//, "");
  secrets.add(`${userinfo}@`);
  const colon = userinfo.indexOf(":");
  const password = colon === -1 ? userinfo : userinfo.slice(colon + 1);
  for (const form of [password, decoded(password)]) if (form.length >= minSecretLength) secrets.add(form);
}

/** Registers a secret, such as an access token. */
export function hideSecret(text: string): void {
  if (text.length >= minSecretLength) secrets.add(text);
}

/**
 * Registers the credentials of all words that look like addresses, because error messages quote mistyped options too.
 */
export function hideCredentialsIn(words: readonly string[]): void {
  for (const word of words) {
    const start = word.indexOf("//");
    if (start !== -1 && start < word.lastIndexOf("@")) hideCredentials(word);
  }
}

/** Replaces every known credential in `text`. */
export function redact(text: string): string {
  let clean = text;
  for (const secret of longestFirst()) {
    clean = clean.replaceAll(secret, secret.endsWith("@") ? `${mask}@` : mask);
  }
  return clean.replace(/[^\s"'<>[\]]+/g, withoutCredentials);
}

const longestFirst = () => [...secrets].sort((a, b) => b.length - a.length);

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
