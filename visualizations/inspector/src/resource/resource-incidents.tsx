import { plain } from "../../../../src/cli/plain.js";
import { useInspector } from "../context.js";
import { hashOf } from "../model/route.js";

/** Maximum number of incidents shown. */
const maxShown = 5;

/** What went wrong with a resource, and why; the latest first. */
export function ResourceIncidents({ name, prefix }: { readonly name: string; readonly prefix: string }) {
  const { incidents, aggregate, shownUntil } = useInspector();
  const { sources } = aggregate.value.current;
  const until = shownUntil.value;
  const own = incidents.value.filter(
    ({ resources, source, time }) =>
      resources.includes(name) && (sources.get(source)?.beat.prefix ?? prefix) === prefix && time <= until,
  );
  if (own.length === 0) return null;
  return (
    <div class="panel line">
      <h2 id="went-wrong">What went wrong</h2>
      <ol class="resource-incidents" aria-labelledby="went-wrong">
        {own
          .slice(-maxShown)
          .reverse()
          .map(({ id, kind, text }) => (
            <li key={id} data-incident={kind}>
              <a href={hashOf({ view: "incidents", id })}>{plain(text)}</a>
            </li>
          ))}
      </ol>
    </div>
  );
}
