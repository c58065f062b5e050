import type { Attributes } from "@opentelemetry/api";
import { attributes } from "./names.js";

/** The attributes of a node's server by OpenTelemetry's conventions for databases, as far as its name shows the address. */
export function serverAttributes(node: string): Attributes {
  const [, host, port] = /^(?:rediss?:\/\/|cluster:)?(\[[^\]]+\]|[^/:@]+):(\d+)$/.exec(node) ?? [];
  return {
    [attributes.system]: "redis",
    ...(host === undefined
      ? {}
      : { [attributes.serverAddress]: host.replace(/^\[|\]$/g, ""), [attributes.serverPort]: Number(port) }),
  };
}
