import { type Command, Option } from "commander";
import { collect, positiveDuration } from "../option-values.js";

/** Adds one command, whose action passes its exit code to `exit`. */
export type AddCommand = (program: Command, exit: (code: number) => void) => void;

export interface ConfigFlag {
  readonly config?: string;
}

export const durations = "Durations: 500ms, 30s, 1.5m, 2h, 1d; a plain integer is ms.";

export const nodeSources = `Nodes: --node, else HOLDFAST_NODES (separated by commas or spaces), else "nodes" in --config FILE,
holdfast.config.json or .holdfastrc.json. An address with a password is better kept out of the
command line, which everybody on the machine can read. While the nodes are being changed, the nodes
before the change are named in the same place: --previous-node beside --node, HOLDFAST_PREVIOUS_NODES
beside HOLDFAST_NODES, or "previous" beside "nodes" (docs/changing-nodes.md). Groups of nodes: --group, or "groups" in the file (docs/groups.md).`;

export const node = () =>
  new Option("--node <address>", "redis:// or rediss:// address of a node; repeat it for each").argParser(
    collect,
  );

export const previousNode = () =>
  new Option(
    "--previous-node <address>",
    "address of a node before the change, while the nodes are being changed; repeat it for each",
  ).argParser(collect);

export const group = () =>
  new Option(
    "--group <addresses>",
    "addresses of a group of nodes, separated by commas, after NAME= if groups have names; repeat it for each",
  ).argParser(collect);

export const nodeTimeout = (byDefault: string) =>
  new Option("--node-timeout <duration>", `for one node's answer (default: ${byDefault})`).argParser(
    positiveDuration,
  );

export const prefix = () => new Option("--prefix <text>", "put before each resource to make its Redis key");

export const config = () => new Option("--config <file>", "configuration file (JSON)");
