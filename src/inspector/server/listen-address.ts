import type { AccessToken } from "./access-token.js";

/** Where a server listens, and who may come in. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  readonly token: AccessToken | null;
}
