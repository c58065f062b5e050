import type { ConnectionState, Lost } from "../connection.js";
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
      return `${trouble(state)}, trying again`;
  }
}

function trouble({ known, refused }: Lost): string {
  switch (refused) {
    case null:
      return known ? "lost the server" : "cannot reach the server";
    case 401:
      return "the server asks for its access token";
    case 503:
      return "too many pages are open";
    default:
      return `the server refuses (${refused})`;
  }
}

export function ConnectionStatus() {
  const { connection, hello, replay } = useInspector();
  const state = connection.value;
  const version = hello.value === null ? undefined : `Holdfast ${hello.value.version}`;
  return (
    <span class="connection" role="status" data-connection={state.kind} title={version}>
      <span class="connection-dot" aria-hidden="true" />
      {state.kind === "live" && replay.value !== null ? "the past" : words(state)}
    </span>
  );
}
