import type { Locks } from "../api/types.js";
import type { NodeInput } from "../clients/node-input.js";
import { createLocks } from "../create-locks.js";
import type { LocksOptions } from "../lock/options.js";
import type { Config } from "./config.js";
import { usageError } from "./exit.js";
import type { GroupAddresses } from "./group-addresses.js";
import {
  type ChosenNodes,
  checkAddresses,
  checkOnce,
  chooseSets,
  everyNode,
  listedIn,
  type NodeFlags,
  previousIn,
} from "./nodes.js";

/** The groups of nodes and, while the nodes of a group are being changed, those before the change. */
interface ChosenGroups {
  readonly groups: GroupAddresses;
  readonly previous?: GroupAddresses;
}

/** One set of nodes, or several groups. */
export type Chosen = ChosenNodes | ChosenGroups;

/** The groups, if there are any, or else the nodes: from the command line, else from the environment, else from the file. */
export function choose(flags: NodeFlags, environment: NodeJS.ProcessEnv, config: Config): Chosen {
  const isSet = flags.node !== undefined || listedIn(environment.HOLDFAST_NODES).length > 0;
  if (flags.group !== undefined) {
    if (flags.node !== undefined)
      throw usageError(
        "--group and --node: name all nodes with --node, or spread them over groups with --group",
      );
    refusePrevious(flags, {});
    return checked({ groups: parseGroups(flags.group) }, "--group");
  }
  if (flags.node !== undefined || config.groups === undefined) return chooseSets(flags, environment, config);
  if (isSet)
    throw usageError(
      'HOLDFAST_NODES names nodes, and the configuration file has "groups": leave one of them out, because processes that ' +
        "disagree about them do not keep each other out",
    );
  if (config.nodes !== undefined)
    throw usageError('the configuration file has "nodes" and "groups": leave one of them out');
  refusePrevious(flags, environment);
  const { groups, previous } = config;
  if (previous === undefined) return checked({ groups }, '"groups"');
  if (isAddresses(previous))
    throw usageError('"previous" must be groups, as "groups" is: the nodes of every group before the change');
  return checked({ groups, previous }, '"groups"');
}

const isAddresses = (previous: Config["previous"]): previous is readonly string[] => Array.isArray(previous);

function refusePrevious(flags: NodeFlags, environment: NodeJS.ProcessEnv): void {
  const where =
    flags.previousNode !== undefined
      ? "--previous-node"
      : previousIn(environment) !== undefined
        ? "HOLDFAST_PREVIOUS_NODES"
        : null;
  if (where === null) return;
  throw usageError(
    `${where} is for nodes without groups: give "groups", and as "previous" the groups before the change, in the configuration file`,
  );
}

/** Each text has the addresses of a group, separated by commas, after its name and "=" if it has one. */
function parseGroups(texts: readonly string[]): GroupAddresses {
  const groups = new Map<string, readonly string[]>();
  const named = texts.filter((text) => nameOf(text) !== null).length;
  if (named !== 0 && named !== texts.length)
    throw usageError("--group: give every group a name (eu=redis://a,redis://b), or none");
  for (const [index, text] of texts.entries()) {
    const name = nameOf(text) ?? String(index + 1);
    if (groups.has(name)) throw usageError(`--group: the group ${name} is named twice`);
    const addresses = nameOf(text) === null ? text : text.slice(text.indexOf("=") + 1);
    groups.set(name, addresses.split(",").filter(Boolean));
  }
  return Object.fromEntries(groups);
}

const nameOf = (text: string): string | null => /^([\w.-]+)=/.exec(text)?.[1] ?? null;

function checked(chosen: ChosenGroups, where: string): ChosenGroups {
  for (const [name, addresses] of Object.entries(chosen.groups)) {
    if (addresses.length === 0) throw usageError(`${where}: the group ${name} names no node`);
    checkAddresses(addresses, `${where}, group ${name}`);
    checkOnce(addresses, `${where}, group ${name}`);
  }
  for (const [name, addresses] of Object.entries(chosen.previous ?? {})) {
    checkAddresses(addresses, `"previous", group ${name}`);
    checkOnce(addresses, `"previous", group ${name}`);
  }
  return chosen;
}

/** Each group as a set of nodes of its own, with its name. Null: there is one set. */
export function setsOf(chosen: Chosen): readonly (readonly [string | null, ChosenNodes])[] {
  if (!("groups" in chosen)) return [[null, chosen]];
  const { groups, previous = {} } = chosen;
  return Object.entries(groups).map(([name, nodes]) => {
    const before = previous[name];
    const isSame = before?.length === nodes.length && nodes.every((node) => before.includes(node));
    return [name, before === undefined || isSame ? { nodes } : { nodes, previous: before }] as const;
  });
}

/** Every address once, for commands that ask all nodes alike. */
export const everyAddress = (chosen: Chosen): readonly string[] =>
  setsOf(chosen).flatMap(([, set]) => everyNode(set));

type OtherOptions = Omit<LocksOptions, "nodes" | "groups" | "previous">;

/** `nodeOf`: the node for an address, by default the address itself. */
export function createChosenLocks(
  chosen: Chosen,
  options: OtherOptions,
  nodeOf: (address: string) => NodeInput = (address) => address,
): Locks {
  const nodesOf = (addresses: readonly string[]) => addresses.map(nodeOf);
  const groupsOf = (groups: GroupAddresses) =>
    Object.fromEntries(Object.entries(groups).map(([name, addresses]) => [name, nodesOf(addresses)]));
  if ("groups" in chosen) {
    const { groups, previous } = chosen;
    const before = previous === undefined ? {} : { previous: groupsOf(previous) };
    return createLocks({ ...options, groups: groupsOf(groups), ...before });
  }
  const { nodes, previous } = chosen;
  const before = previous === undefined ? {} : { previous: nodesOf(previous) };
  return createLocks({ ...options, nodes: nodesOf(nodes), ...before });
}
