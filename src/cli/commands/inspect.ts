import { readConfig } from "../config.js";
import { type InspectFlags, inspect } from "../inspect.js";
import {
  type AddCommand,
  type ConfigFlag,
  config,
  durations,
  group,
  node,
  nodeSources,
  nodeTimeout,
  prefix,
  previousNode,
} from "./common.js";

const inspectHelp = `
Example:
  holdfast inspect reports:nightly --node redis://10.0.0.1 --node redis://10.0.0.2 --node redis://10.0.0.3

${nodeSources}
${durations}
Exit codes: 0; 64 bad usage; 69 too few nodes could tell.
`;

export const addInspect: AddCommand = (program, exit) => {
  program
    .command("inspect")
    .description("Show who holds a resource, node by node.")
    .argument("<name>", "the resource")
    .addOption(node())
    .addOption(previousNode())
    .addOption(group())
    .addOption(prefix())
    .addOption(nodeTimeout("2s"))
    .option("--json", "one JSON document on stdout")
    .addOption(config())
    .addHelpText("after", inspectHelp)
    .action(async (name: string, flags: InspectFlags & ConfigFlag) => {
      exit(await inspect(name, flags, readConfig(flags.config, process.cwd()), process.env));
    });
};
