import type { LockCommand } from "./command.js";

/** Maximum number of locks that one call is about. More are split, so that no call keeps the server busy for long. */
export const locksPerCall = 500;
/** Maximum number of characters of keys and tokens in one call. */
export const charactersPerCall = 256 * 1024;

/** The number of locks that the command is about, or of permits that it looks at. */
export const locksIn = (command: LockCommand): number =>
  command.op === "renewEach" || command.op === "acquireAny" ? command.keys.length : 1;

/** The number of characters of the command's keys and tokens. */
export function charactersIn(command: LockCommand): number {
  let characters = "token" in command ? command.token.length : 0;
  for (const key of command.keys) characters += key.length;
  if (command.op === "renewEach") for (const token of command.tokens) characters += token.length;
  return characters;
}
