import type { InspectorOptions } from "../../inspector/inspector-options.js";
import { isLoopback } from "../../inspector/server/host-names.js";
import type { ListenAddress } from "../../inspector/server/listen-address.js";
import { checkListenAddress } from "../../inspector/server/options.js";
import { usageError } from "../exit.js";
import { hideSecret } from "../redact.js";

export interface ListenFlags {
  readonly port?: number;
  readonly host?: string;
  readonly token?: string;
}

/**
 * The address to listen on, and the access token. The token of the command line takes precedence over the
 * environment's.
 */
export function listenAddressOf(
  { port, host, token: given }: ListenFlags,
  environment: NodeJS.ProcessEnv,
): ListenAddress {
  const { HOLDFAST_UI_TOKEN = "" } = environment;
  const token = given ?? (HOLDFAST_UI_TOKEN === "" ? undefined : HOLDFAST_UI_TOKEN);
  if (token !== undefined) hideSecret(token);
  if (token === undefined && host !== undefined && host !== "" && !isLoopback(host)) {
    throw usageError(
      `--host ${host} lets others reach the page: give an access token of at least 16 characters ` +
        "(HOLDFAST_UI_TOKEN, or --token)",
    );
  }
  const options: InspectorOptions = {
    ...(port === undefined ? {} : { port }),
    ...(host === undefined ? {} : { host }),
    ...(token === undefined ? {} : { token }),
  };
  return checkListenAddress(options);
}
