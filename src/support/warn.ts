/** A process warning; `code` tells it apart from others, `detail` says what to do. */
export function warn(code: string, text: string, detail?: string): void {
  const type = "HoldfastWarning";
  process.emitWarning(text, detail === undefined ? { type, code } : { type, code, detail });
}
