import { plain } from "../../../../src/cli/plain.js";
import { quorumRiskOf, riskSentence } from "../../../../src/inspector/incidents/quorum-risk.js";
import { useInspector } from "../context.js";
import { hashOf } from "../model/route.js";

/** A line on every view while a process reaches no quorum of its nodes. */
export function RiskStrip() {
  const inspector = useInspector();
  const { current } = inspector.aggregate.value;
  const risk = quorumRiskOf(current, inspector.now.value, inspector.heardAt.value);
  if (risk === null) return null;
  const names = new Set(
    [...current.sources.values()].flatMap(({ beat }) => beat.nodes.map(({ name }) => name)),
  );
  return (
    <p class="risk-strip" role="alert">
      <span aria-hidden="true">▲ </span>
      {plain(riskSentence(risk, [...names]))}
      <a href={hashOf({ view: "incidents" })}>What happened</a>
    </p>
  );
}
