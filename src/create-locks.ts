import { defaultCloseTimeout, locksOf } from "./api/managed-locks.js";
import type { Locks } from "./api/types.js";
import type { NodeInput } from "./clients/node-input.js";
import { groupsOf, type NodeGroup } from "./groups/group-list.js";
import { GroupManagers } from "./groups/group-managers.js";
import { GroupedLocks } from "./groups/grouped-locks.js";
import { type PublishSettings, publishSettingsOf } from "./inspector/publishing/publish-settings.js";
import { Publishing } from "./inspector/publishing/publishing.js";
import type { GroupedLocksOptions, LocksOptions } from "./lock/options.js";
import { Manager } from "./manager/manager.js";
import { closingSignalsOf } from "./process/close-on.js";
import { closeOnSignals } from "./process/signal-closing.js";
import { placeOfCall, unclosedLocks } from "./process/unclosed-locks.js";
import type { NotEmpty } from "./support/not-empty.js";

/**
 * Creates the locks of one quorum of nodes, or of several groups of nodes with a quorum each.
 *
 * @throws InvalidOptionError for invalid options, DuplicateNodeError if the same client is given twice.
 */
export function createLocks<Nodes extends readonly NodeInput[]>(
  options: LocksOptions & { readonly nodes: NotEmpty<Nodes> },
): Locks;
export function createLocks(options: GroupedLocksOptions): Locks;
export function createLocks(options: LocksOptions | GroupedLocksOptions): Locks {
  // The options are checked first, because an invalid option must leave nothing started.
  const publish = publishSettingsOf(options);
  const closeOn = closingSignalsOf(options);
  const groups = groupsOf(options);
  const attach = (manager: Manager, nodes: readonly NodeInput[]) => {
    if (closeOn.length > 0)
      manager.onClosed(closeOnSignals(closeOn, () => manager.close(defaultCloseTimeout)));
    // Only the connections of addresses keep the process alive. Of a clock that stands still nothing is to be said.
    const { clock, renewal = "loop" } = options;
    if (clock === undefined && renewal === "loop" && nodes.some((node) => typeof node === "string"))
      manager.onClosed(unclosedLocks.add(manager, placeOfCall(createLocks)));
    if (publish !== null) publishLocks(manager, publish);
  };
  if (groups === null || groups.length === 1) {
    const single = groups === null ? (options as LocksOptions) : withOne(options, groups[0] as NodeGroup);
    const manager = new Manager(single);
    attach(manager, single.nodes);
    return locksOf(manager);
  }
  const grouped = new GroupManagers(options as GroupedLocksOptions, groups);
  for (const [index, manager] of grouped.managers.entries()) attach(manager, groups[index]?.nodes ?? []);
  return new GroupedLocks(grouped) as Locks;
}

/** One group is the same as `nodes`, whatever its name. */
function withOne(options: LocksOptions | GroupedLocksOptions, { nodes, previous }: NodeGroup): LocksOptions {
  const { groups: _, previous: __, ...common } = options as GroupedLocksOptions;
  return { ...common, nodes, ...(previous === undefined ? {} : { previous }) };
}

function publishLocks(manager: Manager, settings: PublishSettings): void {
  const publishing = new Publishing(manager, manager.lockNodes, settings);
  manager.onClosing(() => publishing.end());
}
