import { inFlags } from "./option-names.js";

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
    ...(typeof detail === "string" ? { detail: inFlags(detail) } : {}),
  };
}

/** The warning as one line of text: its code, what happened, and what to do. `given`: the advice so far, which is not repeated. */
export function warningLine({ message, code, detail }: Warning, given: Set<string>): string {
  const kind = typeof code === "string" ? `warning ${code}` : "warning";
  const isNew = typeof detail === "string" && !given.has(detail);
  if (isNew) given.add(detail);
  const advice = isNew ? `${/[.!?]$/.test(message) ? "" : "."} ${inFlags(detail)}` : "";
  return `${kind}: ${message}${advice}`;
}
