import { hasInvalidPort, invalidPort } from "../clients/address-options.js";
import type { Config } from "./config.js";
import { usageError } from "./exit.js";
import { hideCredentials, redact } from "./redact.js";

const isList = (value: NonNullable<Config["previous"]>): value is readonly string[] => Array.isArray(value);

const sources =
  "Name them with --node redis://host:6379 (once for each), in HOLDFAST_NODES (separated by commas or spaces), " +
  'or as "nodes" in holdfast.config.json';

/** The addresses on the command line. */
export interface NodeFlags {
  readonly node?: readonly string[];
  readonly previousNode?: readonly string[];
  readonly group?: readonly string[];
}

/** The addresses of the nodes and, while the nodes are being changed, of those before the change. */
export interface ChosenNodes {
  readonly nodes: readonly string[];
  /** Absent if the nodes are not being changed. */
  readonly previous?: readonly string[];
}

/** One source of both lists. An empty list of nodes, and undefined previous ones, are not named. */
interface Source {
  readonly nodes: Named;
  readonly previous: { readonly addresses: Config["previous"]; readonly where: string };
}

/**
 * Both lists are taken from one source, which is the first of the command line, the environment and the configuration file
 * that names nodes: lists of two sources need not belong together.
 */
export function chooseSets(flags: NodeFlags, environment: NodeJS.ProcessEnv, config: Config): ChosenNodes {
  const all = sourcesOf(flags, environment, config);
  const chosen = all.findIndex(({ nodes }) => nodes.addresses.length > 0);
  const ignored = all.slice(0, chosen).find(({ previous }) => previous.addresses !== undefined);
  if (ignored !== undefined) {
    const { nodes, previous } = ignored;
    throw usageError(
      `${previous.where} is given without ${nodes.where}: name the nodes before and after the change in the same place`,
    );
  }
  const source = all[chosen];
  if (source === undefined) throw usageError(`no nodes to ask. ${sources}`);
  const { nodes, previous } = source;
  checkAddresses(nodes.addresses, nodes.where);
  checkOnce(nodes.addresses, "the nodes");
  const { addresses, where } = previous;
  if (addresses === undefined) return { nodes: nodes.addresses };
  if (!isList(addresses))
    throw usageError(`${where} must be a list of addresses, because there are no "groups"`);
  checkPrevious({ addresses, where }, nodes.addresses);
  return { nodes: nodes.addresses, previous: addresses };
}

function sourcesOf(flags: NodeFlags, environment: NodeJS.ProcessEnv, config: Config): readonly Source[] {
  const source = (nodes: Named, addresses: Config["previous"], where: string): Source => ({
    nodes,
    previous: { addresses, where },
  });
  return [
    source({ addresses: flags.node ?? [], where: "--node" }, flags.previousNode, "--previous-node"),
    source(
      { addresses: listedIn(environment.HOLDFAST_NODES), where: "HOLDFAST_NODES" },
      previousIn(environment),
      "HOLDFAST_PREVIOUS_NODES",
    ),
    source({ addresses: config.nodes ?? [], where: '"nodes"' }, config.previous, '"previous"'),
  ];
}

/** Every address once, for commands that ask the nodes of both sets alike. */
export const everyNode = ({ nodes, previous = [] }: ChosenNodes): readonly string[] => [
  ...nodes,
  ...previous.filter((address) => !nodes.includes(address)),
];

/** The node addresses: from the command line (`flag`), else from the environment, else from the configuration file. */
export function chooseNodes(
  flags: readonly string[] | undefined,
  environment: string | undefined,
  configured: readonly string[] | undefined,
  flag = "--node",
): readonly string[] {
  if (flags !== undefined && flags.length > 0) return checkAddresses(flags, flag);
  const listed = listedIn(environment);
  if (listed.length > 0) return checkAddresses(listed, "HOLDFAST_NODES");
  if (configured !== undefined && configured.length > 0) return checkAddresses(configured, '"nodes"');
  throw usageError(`no nodes to ask. ${sources}`);
}

/** The addresses in an environment variable; none if it is empty, as if it were not set. */
export const listedIn = (environment = ""): string[] => environment.split(/[\s,]+/).filter(Boolean);

/** The nodes before the change that the environment names; undefined if it names none. */
export function previousIn({ HOLDFAST_PREVIOUS_NODES }: NodeJS.ProcessEnv): readonly string[] | undefined {
  const listed = listedIn(HOLDFAST_PREVIOUS_NODES);
  return listed.length > 0 ? listed : undefined;
}

/** A list of addresses, and where it was named. */
interface Named {
  readonly addresses: readonly string[];
  readonly where: string;
}

function checkPrevious({ addresses, where }: Named, nodes: readonly string[]): void {
  const leaveOut = "leave it out unless the nodes are being changed";
  if (addresses.length === 0)
    throw usageError(`${where} names no node: it must be the nodes before the change; ${leaveOut}`);
  checkAddresses(addresses, where);
  checkOnce(addresses, where);
  if (addresses.length === nodes.length && addresses.every((address) => nodes.includes(address)))
    throw usageError(`${where} has the same nodes as the nodes after the change; ${leaveOut}`);
}

/** @throws CommandError (usage) if an address is there twice. */
export function checkOnce(addresses: readonly string[], where: string): void {
  const twice = addresses.find((address, index) => addresses.indexOf(address) !== index);
  if (twice !== undefined) throw usageError(`${where}: ${shown(twice)} is named twice; name each node once`);
}

export function checkAddresses(addresses: readonly string[], where: string): readonly string[] {
  for (const address of addresses) hideCredentials(address);
  addresses.forEach((address, index) => {
    const why = whyNoAddress(address);
    if (why === undefined) return;
    const which = addresses.length === 1 ? where : `${where} (the ${ordinal(index + 1)})`;
    throw usageError(`${which}: ${shown(address)} is not an address such as redis://host:6379: ${why}`);
  });
  return addresses;
}

function whyNoAddress(address: string): string | undefined {
  if (!/^rediss?:\/\//i.test(address)) return "it must start with redis:// or rediss://";
  // Otherwise a "#" or "/" in a password would end the host there, and the rest of the password would count as
  // public.
  const rest = address.slice(address.indexOf("//") + 2);
  if (/[/?#]/.test(rest.slice(0, Math.max(0, rest.indexOf("@")))))
    return "a /, ? or # in a password must be percent-encoded";
  if (hasInvalidPort(address)) return invalidPort;
  try {
    return new URL(address).hostname === "" ? "it names no host" : undefined;
  } catch {
    return "its host or port cannot be read";
  }
}

/** A malformed address may have its password anywhere, so it is shown only if it plainly has none, and else its scheme. */
function shown(address: string): string {
  if (address.includes("@")) return JSON.stringify(redact(address));
  const [, scheme, host] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)$/is.exec(address) ?? [];
  if (/^[a-z0-9.-]*(?::\d{1,6})?\/?$/i.test(host ?? "")) return JSON.stringify(address);
  return scheme === undefined ? "what it says" : JSON.stringify(`${scheme}…`);
}

const ordinal = (n: number) => `${n}${n === 1 ? "st" : n === 2 ? "nd" : n === 3 ? "rd" : "th"}`;
