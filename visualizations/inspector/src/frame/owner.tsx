import { plain } from "../../../../src/cli/plain.js";
import { isSilent } from "../../../../src/inspector/feed/silence.js";
import { useInspector } from "../context.js";
import { hashOf } from "../model/route.js";

/** The owner label and the process id of a lock's process. `link`: leads to the process. */
export function Owner({ source, link = false }: { readonly source: string; readonly link?: boolean }) {
  const inspector = useInspector();
  const view = inspector.aggregate.value.current.sources.get(source);
  if (view === undefined) return <span class="muted">unknown</span>;
  const owner = plain(view.beat.owner);
  const silent = isSilent(view, inspector.heardAt.value);
  const name = (
    <>
      {owner} <span class="muted">{view.beat.pid}</span>
    </>
  );
  return (
    <span class="owner" title={`${owner}, process ${view.beat.pid}`}>
      {link ? <a href={hashOf({ view: "process", source })}>{name}</a> : name}
      {silent && <span class="badge warn">silent</span>}
    </span>
  );
}
