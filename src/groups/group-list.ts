import type { NodeInput } from "../clients/node-input.js";
import { InvalidOptionError } from "../errors.js";
import type { GroupedLocksOptions, LocksOptions } from "../lock/options.js";
import { kindOf } from "../support/redaction.js";
import { entriesOf, isList } from "../support/untrusted.js";

/** A group of nodes, with the options of its manager. */
export interface NodeGroup {
  readonly name: string;
  readonly nodes: readonly NodeInput[];
  /** The nodes before a change of this group's nodes. Absent if they are not being changed. */
  readonly previous?: readonly NodeInput[];
}

/**
 * Returns the groups in the options, or null if there are none.
 *
 * @throws InvalidOptionError for what is no list of groups.
 */
export function groupsOf(options: LocksOptions | GroupedLocksOptions): readonly NodeGroup[] | null {
  const { groups, nodes, previous } = optionsOf(options);
  if (groups === undefined) return null;
  if (nodes !== undefined) {
    const allowed =
      "left out, because `nodes` is given: give all nodes in `nodes`, or spread them over `groups`";
    throw new InvalidOptionError("groups", groups, allowed, kindOf(groups));
  }
  const current = listOf("groups", groups);
  const before = previous === undefined ? null : listOf("previous", previous);
  if (before !== null) checkNames(current, before);
  checkDistinct(before === null ? [current] : [current, before]);
  if (before === null) return [...current].map(([name, members]) => ({ name, nodes: members }));
  const changed = [...current].map(([name, members]) => changedGroup(name, members, before.get(name) ?? []));
  if (changed.some((group) => group.previous !== undefined)) return changed;
  throw refused(
    "previous",
    previous,
    "the groups before the change; they have the same nodes as `groups`, so leave it out",
  );
}

/** Options that cannot be read are refused by the manager. */
function optionsOf(options: LocksOptions | GroupedLocksOptions | null): {
  readonly groups?: unknown;
  readonly nodes?: unknown;
  readonly previous?: unknown;
} {
  try {
    return { groups: options?.groups, nodes: options?.nodes, previous: options?.previous };
  } catch {
    return {};
  }
}

function changedGroup(name: string, nodes: readonly NodeInput[], previous: readonly NodeInput[]): NodeGroup {
  const same = nodes.length === previous.length && nodes.every((node) => previous.includes(node));
  return same ? { name, nodes } : { name, nodes, previous };
}

/** The members of each group, by its name. */
type GroupList = ReadonlyMap<string, readonly NodeInput[]>;

function listOf(option: "groups" | "previous", given: unknown): GroupList {
  const named = isList(given)
    ? copyOf(given)?.map((group, index): [string, unknown] => [String(index + 1), group])
    : entriesOf(given);
  if (!named || named.length === 0) {
    const allowed =
      "a list of groups of nodes, such as [[a, b, c], [d, e, f]], or an object with the name of each";
    throw refused(option, given, allowed);
  }
  return new Map(named.map(([name, members]) => [checkName(option, name), membersOf(option, name, members)]));
}

/** Undefined for a list that cannot be read. */
function copyOf(list: readonly unknown[]): unknown[] | undefined {
  try {
    return Array.from(list);
  } catch {
    return undefined;
  }
}

function checkName(option: string, name: string): string {
  if (isName(name)) return name;
  const allowed = "an object whose names have 1 to 64 letters, digits, dots, hyphens or underscores";
  throw new InvalidOptionError(option, name, allowed);
}

function membersOf(option: string, name: string, given: unknown): readonly NodeInput[] {
  const members = isList(given) ? copyOf(given) : undefined;
  if (members === undefined || members.length === 0)
    throw refused(`${option}.${name}`, given, "a list of at least one client, address or memoryNode()");
  return members as NodeInput[];
}

const isName = (name: string): boolean => /^[\w.-]{1,64}$/.test(name);

function checkNames(current: GroupList, before: GroupList): void {
  if (current.size === before.size && [...current.keys()].every((name) => before.has(name))) return;
  const names = [...current.keys()].join(", ");
  const given = [...before.keys()].join(", ");
  const allowed =
    `the nodes of each group before the change, for the same groups (${names}): the nodes of a group can be changed while ` +
    "processes run, but groups cannot be added, removed or renamed (docs/groups.md)";
  throw new InvalidOptionError("previous", given, allowed);
}

/** No node may be in two groups, nor move from one group to another in one change. */
function checkDistinct(lists: readonly GroupList[]): void {
  const groupOf = new Map<NodeInput, { readonly name: string; readonly at: string }>();
  for (const [which, list] of lists.entries()) {
    for (const [name, members] of list) {
      for (const [index, node] of members.entries()) {
        const at = `${which === 0 ? "groups" : "previous"}.${name}[${index}]`;
        const known = groupOf.get(node);
        groupOf.set(node, known ?? { name, at });
        if (known === undefined || known.name === name) continue;
        const allowed = `groups without a node in common: ${known.at} and ${at} are the same client or address`;
        throw new InvalidOptionError("groups", at, allowed, kindOf(node));
      }
    }
  }
}

/** The value may be an address with a password, so the message shows only its kind. */
const refused = (option: string, value: unknown, allowed: string): InvalidOptionError =>
  new InvalidOptionError(option, value, allowed, kindOf(value));
