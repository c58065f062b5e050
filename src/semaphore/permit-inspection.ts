import type { Inspection } from "../api/types.js";
import type { PermitHolder, SemaphoreInspection } from "./types.js";

/** Summarises the inspections of all permits, in their order. */
export function summarisePermits(
  resource: string,
  permits: number,
  inspections: readonly Inspection[],
): SemaphoreInspection {
  const holders = inspections.flatMap(({ holder }, index): PermitHolder[] =>
    holder === null ? [] : [{ permit: index + 1, ...holder }],
  );
  const [first] = inspections;
  const nodes = (first?.nodes ?? []).map(({ holder: _, ...node }, index) => {
    const isHeld = inspections.some(({ nodes }) => nodes[index]?.state === "held");
    return isHeld ? { ...node, state: "held" as const } : node;
  });
  return {
    resource,
    permits,
    free: inspections.filter(({ held }) => held === false).length,
    unknown: inspections.filter(({ held }) => held === null).length,
    holders,
    nodes,
  };
}
