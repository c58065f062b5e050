import { emitWarning } from "./platform.js";

/** Emits a process warning. `code` identifies the kind of warning; `detail` says what to do. */
export function warn(code: string, text: string, detail?: string): void {
  const type = "HoldfastWarning";
  emitWarning(text, detail === undefined ? { type, code } : { type, code, detail });
}
