import type { Step } from "../../../../src/inspector/feed/frames.js";
import { detailsOf } from "./step-details.js";

/**
 * A lock's steps as lines of text, the newest first. They may be pasted into a report, so each has its date, in UTC.
 */
export function textOf(steps: readonly Step[]): string {
  return [...steps]
    .reverse()
    .map((step) => {
      const line = `${new Date(step.time).toISOString()}  ${step.event}  ${step.from} → ${step.to}`;
      const details = detailsOf(step);
      const trace = step.trace === undefined ? "" : `trace ${step.trace}`;
      return [line, details, trace].filter((part) => part !== "").join("  ");
    })
    .join("\n");
}
