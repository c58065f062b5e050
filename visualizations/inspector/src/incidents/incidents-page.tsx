import { useState } from "preact/hooks";
import { plain } from "../../../../src/cli/plain.js";
import type { Incident, IncidentKind } from "../../../../src/inspector/incidents/incident.js";
import { useInspector } from "../context.js";
import { Empty } from "../frame/empty.js";
import { hashOf } from "../model/route.js";
import { Moment } from "./moment.js";
import { OneIncident } from "./one-incident.js";

const labels: Record<IncidentKind, string> = {
  lost: "lost",
  quorumLost: "quorum lost",
  nodeDown: "node down",
  nodeBack: "node back",
  quarantined: "quarantined",
  silent: "silent",
  overlap: "overlap",
  membership: "other nodes",
};

/** Incidents that are drawn at a time. */
const pageSize = 200;

/** What went wrong, the latest first, and one of it with its votes. */
export function IncidentsPage({ id }: { readonly id: string | null }) {
  const inspector = useInspector();
  const [shown, setShown] = useState(pageSize);
  const all = inspector.incidents.value;
  const open = id === null ? undefined : all.find((incident) => incident.id === id);
  return (
    <div class="incidents-page">
      <h1>Incidents</h1>
      {id !== null && open === undefined && (
        <p class="muted">This incident is no longer kept: there were more than a thousand since.</p>
      )}
      {open !== undefined && <OneIncident incident={open} label={labels[open.kind]} />}
      <Moment incidents={all} />
      {all.length === 0 ? (
        <Empty title="Nothing went wrong">
          <p>
            Lost leases, lost quorums, nodes that go down and processes that fall silent are listed here, each
            with its cause.
          </p>
        </Empty>
      ) : (
        <ol class="incidents" aria-label="Incidents, the latest first">
          {all
            .slice(-shown)
            .reverse()
            .map((incident) => (
              <Row
                key={incident.id}
                incident={incident}
                current={incident.id === id}
                later={incident.time > inspector.shownUntil.value}
              />
            ))}
        </ol>
      )}
      {all.length > shown && (
        <button type="button" class="button" onClick={() => setShown(shown + pageSize)}>
          Show {Math.min(pageSize, all.length - shown)} earlier ones
        </button>
      )}
    </div>
  );
}

interface RowProps {
  readonly incident: Incident;
  readonly current: boolean;
  /** It happened after the moment that is shown. */
  readonly later: boolean;
}

function Row({ incident, current, later }: RowProps) {
  return (
    <li data-incident={incident.kind} aria-current={current ? "true" : undefined}>
      <span>
        <span class="incident-kind">{labels[incident.kind]}</span>
        {later && <span class="muted"> later</span>}
      </span>
      <a href={hashOf({ view: "incidents", id: incident.id })}>{plain(incident.text)}</a>
    </li>
  );
}
