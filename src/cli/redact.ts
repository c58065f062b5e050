import { withoutCredentials } from "../support/redaction.js";

const mask = "***";

/** What must not be printed; filled as addresses are read, before anything can fail because of them. */
const secrets = new Set<string>();

/** Shorter ones are not searched for alone: hiding every "a" would hide nothing and spoil everything. */
const shortestAlone = 4;

/** Remembers the credentials of an address, well-formed or not. */
export function hideCredentials(address: string): void {
  const end = address.lastIndexOf("@");
  if (end === -1) return;
  const userinfo = address.slice(0, end).replace(/^[^/@]*\/\//, "");
  secrets.add(`${userinfo}@`);
  const colon = userinfo.indexOf(":");
  const password = colon === -1 ? userinfo : userinfo.slice(colon + 1);
  for (const form of [password, decoded(password)]) if (form.length >= shortestAlone) secrets.add(form);
}

/** Remembers what is given to open something with. */
export function hideSecret(text: string): void {
  if (text.length >= shortestAlone) secrets.add(text);
}

/** Credentials of whatever looks like an address among these words: a mistyped option is quoted in messages too. */
export function hideCredentialsIn(words: readonly string[]): void {
  for (const word of words) {
    const start = word.indexOf("//");
    if (start !== -1 && start < word.lastIndexOf("@")) hideCredentials(word);
  }
}

/** `text` without any credential of a node. */
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
