/** A process warning; Node.js declares no code and no detail. */
interface Warning extends Error {
  readonly code?: unknown;
  /** What to do. */
  readonly detail?: unknown;
}

/** The warning as fields of a line of JSON. What it does not have is absent. */
export function warningFacts({ message, code, detail }: Warning): object {
  return {
    ...(typeof code === "string" ? { code } : {}),
    message,
    ...(typeof detail === "string" ? { detail } : {}),
  };
}

/** The warning as one line of text: its code, what happened, and what to do. */
export function warningLine({ message, code, detail }: Warning): string {
  const kind = typeof code === "string" ? `warning ${code}` : "warning";
  const advice = typeof detail === "string" ? `${/[.!?]$/.test(message) ? "" : "."} ${detail}` : "";
  return `${kind}: ${message}${advice}`;
}
