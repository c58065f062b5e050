import { readConfig } from "../config.js";
import { fileSize, positiveDuration } from "../option-values.js";
import type { WatchFlags } from "../watch/watch.js";
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

const watchHelp = `
Examples:
  holdfast watch --node redis://10.0.0.1 --node redis://10.0.0.2 --node redis://10.0.0.3
  holdfast watch reports:nightly "payouts:*" --record monday.holdfast --keep 12h

It shows the locks of all processes that publish them (createLocks({ publish: true })): of these resources,
in which * stands for any text, or of all. Once a second the nodes are asked about named resources that no process
reports. It draws a table on a terminal, else a line for each step. It changes nothing on the nodes.

--record writes down all that is shown, for holdfast ui --replay FILE. docs/watch.md describes that file, and
what --json prints.

${nodeSources}
${durations}
Exit codes: 0 also when it is ended by Ctrl-C; 64 bad usage; 69 no node could be reached, or --record could listen on none;
  73 the recording cannot be written.
`;

export const addWatch: AddCommand = (program, exit) => {
  program
    .command("watch")
    .description("Watch the locks of all processes as they change, and record them.")
    .argument("[names...]", "resources to watch (default: all)")
    .addOption(node())
    .addOption(previousNode())
    .addOption(group())
    .addOption(prefix())
    .addOption(nodeTimeout("2s"))
    .option("--record <file>", "write it down, for holdfast ui --replay")
    .option("--force", "replace that file if it exists")
    .option("--keep <duration>", "drop what is older from that file (default: nothing)", positiveDuration)
    .option("--max-size <size>", "the most that file may have, such as 200MB (default: 256MB)", fileSize)
    .option("--json", "one line of JSON for each frame and each changed answer")
    .option("--for <duration>", "how long to watch (default: until it is ended)", positiveDuration)
    .addOption(config())
    .addHelpText("after", watchHelp)
    .action(async (names: string[], flags: WatchFlags & ConfigFlag) => {
      // Loaded only here: other commands should not wait for the code that draws and records.
      const { watch } = await import("../watch/watch.js");
      exit(await watch(names, flags, readConfig(flags.config, process.cwd()), process.env));
    });
};
