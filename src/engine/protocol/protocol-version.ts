import { LastingError } from "./refusal.js";
import { constants } from "./script.generated.js";

/** The version of the protocol: of what this process stores on the nodes, and sends over them. See docs/versions.md. */
export const protocolVersion = constants.protocolVersion;

/**
 * The protocol version of a marker. Version 1 writes none. A later version writes "v", its number and a space in front of
 * everything else.
 */
const versionOf = (marker: string): number => Number(/^v(\d+) /.exec(marker)?.[1] ?? 1);

/**
 * The memory of a server is of a later protocol version. Nothing on the server is read or changed, except that releases
 * delete the keys of their own tokens.
 */
export class NewerMemoryError extends LastingError {
  override get name(): string {
    return "NewerMemoryError";
  }

  constructor(
    /** The version of the memory. */
    readonly version: number,
  ) {
    super(
      `its memory is of protocol version ${version}, and this process knows version ${protocolVersion}: update Holdfast in this process`,
    );
  }
}

/** @throws NewerMemoryError if the marker is of a later protocol version. */
export function checkVersion(marker: string): void {
  const version = versionOf(marker);
  if (version > protocolVersion) throw new NewerMemoryError(version);
}
