import type { ConnectionState } from "../connection.js";
import { useInspector } from "../context.js";

function words(state: ConnectionState): string {
  switch (state.kind) {
    case "connecting":
      return "connecting";
    case "live":
      return "live";
    case "replay":
      return "replay";
    case "lost":
      return state.known ? "lost the server, trying again" : "cannot reach the server, trying again";
  }
}

export function ConnectionStatus() {
  const { connection, hello } = useInspector();
  const state = connection.value;
  const version = hello.value === null ? undefined : `Holdfast ${hello.value.version}`;
  return (
    <span class="connection" role="status" data-connection={state.kind} title={version}>
      <span class="connection-dot" aria-hidden="true" />
      {words(state)}
    </span>
  );
}
