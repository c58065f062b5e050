import { defaultCloseTimeout, locksOf } from "./api/managed-locks.js";
import type { Locks } from "./api/types.js";
import type { NodeInput } from "./clients/node-input.js";
import { publishSettingsOf } from "./inspector/publishing/publish-settings.js";
import { Publishing } from "./inspector/publishing/publishing.js";
import type { LocksOptions } from "./lock/options.js";
import { Manager } from "./manager/manager.js";
import { closingSignalsOf } from "./process/close-on.js";
import { closeOnSignals } from "./process/signal-closing.js";
import { placeOfCall, unclosedLocks } from "./process/unclosed-locks.js";
import type { NotEmpty } from "./support/not-empty.js";

/**
 * Creates the locks of one quorum of nodes.
 *
 * @throws InvalidOptionError for invalid options, DuplicateNodeError if the same client is given twice.
 */
export function createLocks<Nodes extends readonly NodeInput[]>(
  options: LocksOptions & { readonly nodes: NotEmpty<Nodes> },
): Locks {
  // The options are checked first, because an invalid option must leave nothing started.
  const publish = publishSettingsOf(options);
  const closeOn = closingSignalsOf(options);
  const manager = new Manager(options);
  if (closeOn.length > 0) manager.onClosed(closeOnSignals(closeOn, () => manager.close(defaultCloseTimeout)));
  // Only the connections of addresses keep the process alive. Of a clock that stands still nothing is to be said.
  if (options.clock === undefined && options.nodes.some((node) => typeof node === "string"))
    manager.onClosed(unclosedLocks.add(manager, placeOfCall(createLocks)));
  if (publish !== null) {
    const publishing = new Publishing(manager, manager.lockNodes, publish);
    manager.onClosing(() => publishing.end());
  }
  return locksOf(manager);
}
