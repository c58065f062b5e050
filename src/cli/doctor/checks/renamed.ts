import type { Answer } from "../facts.js";
import { list } from "../words.js";

/** What to do about commands that the server does not know. An access list refuses a command in other words. */
export const restoreAdvice = (commands: readonly string[]): string =>
  `the server does not know ${list(commands)}, and ACL rules do not change that: take the rename-command of ${list(commands)} ` +
  `out of its configuration and restart it, or use a server that has ${commands.length === 1 ? "the command" : "the commands"}`;

/** Whether the server does not know the command that it was asked. */
export const isUnknownCommand = (answer: Answer<unknown>): boolean =>
  !answer.ok && /unknown command/i.test(answer.refusal.message);
