/** What address.ts has, for a browser: the build for browsers puts this file in its place. */
import { InvalidOptionError } from "../errors.js";

/** A browser opens no connections to Redis, so an address is refused. */
export class AddressScriptClient {
  /** @throws InvalidOptionError */
  constructor(address: string, option: string) {
    throw new InvalidOptionError(
      option,
      address,
      "memoryNode(), or a client over HTTP: a browser opens no connections to Redis",
    );
  }
}
