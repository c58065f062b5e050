/** What publish-settings.ts has, for a browser: the build for browsers puts this file in its place. */
import { InvalidOptionError } from "../../errors.js";
import type { LocksOptions } from "../../lock/options.js";

/** A browser has no node that passes on messages, so nothing is published. @throws InvalidOptionError */
export function publishSettingsOf(options: Pick<LocksOptions, "publish"> | null): null {
  const publish = options?.publish;
  if (publish === undefined || publish === false) return null;
  throw new InvalidOptionError("publish", publish, "left out in a browser: its nodes pass on no messages");
}
