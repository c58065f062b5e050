import { useInspector } from "../context.js";
import { Empty } from "../frame/empty.js";
import { isFiltering, noFilter } from "../model/filter.js";

/** Explains why the list is empty, and what to do about it. */
export function NoLocks() {
  const { failure, filter, aggregate, connection, replay } = useInspector();
  const { locks, sources } = aggregate.value.current;
  if (failure.value !== null) {
    return (
      <Empty title="No replay">
        <p>{failure.value}</p>
      </Empty>
    );
  }
  if (locks.size > 0 && isFiltering(filter.value)) {
    return (
      <Empty title="No lock matches">
        <p>{locks.size.toLocaleString("en")} locks are here, and none of them is what the filter asks for.</p>
        <button
          type="button"
          class="button"
          onClick={() => {
            filter.value = noFilter;
          }}
        >
          Clear the filter
        </button>
      </Empty>
    );
  }
  if (
    connection.value.kind === "connecting" ||
    (connection.value.kind === "lost" && !connection.value.known)
  ) {
    return (
      <Empty title="No connection yet">
        <p>
          The page asks its server again and again.{" "}
          {connection.value.kind !== "lost" || connection.value.refused === null
            ? "Is the process that serves it still running?"
            : "It answers, and refuses for now."}
        </p>
      </Empty>
    );
  }
  if (replay.value !== null) {
    return (
      <Empty title="No lock at this moment">
        <p>Step forward with → or press space to play.</p>
      </Empty>
    );
  }
  const open = [...sources.values()].filter(({ closed }) => !closed).length;
  if (sources.size > 0 && open === 0) {
    return (
      <Empty title="Closed">
        <p>
          {sources.size === 1
            ? "The process that was here has closed its locks."
            : "The processes that were here have closed their locks."}{" "}
          Whatever follows is shown as soon as it arrives.
        </p>
      </Empty>
    );
  }
  return open > 0 ? (
    <Empty title="No lock is in use">
      <p>
        {open === 1 ? "One process is" : `${open} processes are`} here. A lock shows up as soon as one is
        acquired.
      </p>
    </Empty>
  ) : (
    <Empty title="No process is known">
      <p>A process publishes its locks over the nodes with this option:</p>
      <pre>{"createLocks({ nodes, publish: true })"}</pre>
      <p>or it serves this page itself:</p>
      <pre>{'import { serveInspector } from "holdfast/inspector";\nawait serveInspector(locks);'}</pre>
    </Empty>
  );
}
