import { plain } from "../../../../src/cli/plain.js";
import type { RoundView } from "../../../../src/inspector/feed/frames.js";
import { isPermit } from "../../../../src/inspector/feed/lease-kind.js";
import type { Incident } from "../../../../src/inspector/incidents/incident.js";
import { useInspector } from "../context.js";
import { formatClock } from "../model/duration.js";
import { hashOf } from "../model/route.js";
import { tallyOf, votesByNode } from "../model/votes.js";
import { withPlace } from "../replay/place.js";

/** One incident: what happened, the votes then and before, and the way to that moment. */
export function OneIncident({ incident, label }: { readonly incident: Incident; readonly label: string }) {
  const inspector = useInspector();
  const { aggregate } = inspector;
  const { lock, resources, text, round, lastGood, source, time } = incident;
  const place = (hash: string) => withPlace(hash, time);
  const { sources, locks } = aggregate.value.current;
  const beat = sources.get(source)?.beat;
  const nodes = beat?.nodes.map(({ name }) => name) ?? [];
  const known = locks.get(lock ?? "");
  const semaphore = known !== undefined && isPermit(known);
  return (
    <section class="panel one-incident" data-incident={incident.kind} aria-label="Incident">
      <h2>
        <span class="incident-kind">{label}</span> {plain(text)}
      </h2>
      <p class="incident-links">
        {lock !== null && <a href={place(hashOf({ view: "lock", id: lock }))}>The lock at that moment</a>}
        {resources.map((name) => (
          <a
            key={name}
            href={place(hashOf({ view: "resource", name, prefix: beat?.prefix ?? "", semaphore }))}
          >
            {plain(name)} at that moment
          </a>
        ))}
        {incident.node !== null && (
          <a href={place(hashOf({ view: "nodes", source, node: incident.node }))}>The node at that moment</a>
        )}
        <a href={place(hashOf({ view: "process", source }))}>The process at that moment</a>
      </p>
      {round !== null && (
        <div class="rounds">
          {/* A lease can be lost without a round that went wrong: by a limit of its own. */}
          {round.time !== lastGood?.time && (
            <Round
              title={incident.kind === "overlap" ? "The second holder's round" : "The round that went wrong"}
              round={round}
              nodes={nodes}
            />
          )}
          {lastGood === null ? (
            <p class="muted">No good round before it was observed.</p>
          ) : (
            <Round
              title={
                incident.kind === "overlap" ? "The first holder's round" : "The last good round before it"
              }
              round={lastGood}
              nodes={nodes}
            />
          )}
        </div>
      )}
    </section>
  );
}

const signs = { granted: "✓", denied: "✕", failed: "!", none: "·" } as const;

interface RoundProps {
  readonly title: string;
  readonly round: RoundView;
  readonly nodes: readonly string[];
}

function Round({ title, round, nodes }: RoundProps) {
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      <p class="muted">
        asked to {round.asked} at {formatClock(round.time)}: {tallyOf(round.votes)}
      </p>
      <ul class="votes">
        {votesByNode(round, nodes).map(({ node, kind, detail }) => (
          <li key={node} data-vote={kind}>
            <span class="vote-sign" aria-hidden="true">
              {signs[kind]}
            </span>
            <span class="vote-node">{plain(node)}</span>
            <span class="vote-kind">{kind === "none" ? "no vote" : kind}</span>
            {detail !== "" && <span class="vote-detail">{detail}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
