import type { AccessToken } from "./access-token.js";

/** The address that a server listens on, and the access token that it asks for. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  readonly token: AccessToken | null;
}
