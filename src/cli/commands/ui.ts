import { readConfig } from "../config.js";
import { port } from "../option-values.js";
import type { UiFlags } from "../ui/ui.js";
import {
  type AddCommand,
  type ConfigFlag,
  config,
  durations,
  group,
  node,
  nodeSources,
  nodeTimeout,
  previousNode,
} from "./common.js";

const uiHelp = `
Examples:
  holdfast ui --node redis://10.0.0.1 --node redis://10.0.0.2 --node redis://10.0.0.3
  holdfast ui --replay monday.holdfast

It shows the locks of every process that publishes them over these nodes: createLocks({ publish: true }).
The address of the page is the first line on stdout. It only shows, and goes on until it is ended (Ctrl-C).

Only this machine reaches the page. For others, give --host and an access token of at least 16 characters,
better in HOLDFAST_UI_TOKEN than on the command line; a browser brings it once, as http://.../?token=...

${nodeSources}
${durations}
Exit codes: 0 ended by a signal; 64 bad usage; 65 the recording is corrupt; 66 it cannot be read;
69 no node could be reached at the start, or the port is taken.
`;

export const addUi: AddCommand = (program, exit) => {
  program
    .command("ui")
    .description("Serve a page that shows the locks of all processes, or a recording of them.")
    .addOption(node())
    .addOption(previousNode())
    .addOption(group())
    .option("--port <number>", "where the page is served; 0: any free one (default: 4653)", port)
    .option("--host <address>", "the address to listen on (default: 127.0.0.1)")
    .option("--token <text>", "what a browser must bring (default: HOLDFAST_UI_TOKEN)")
    .option("--replay <file>", "show this recording (holdfast watch --record); no node is needed")
    .addOption(nodeTimeout("2s"))
    .addOption(config())
    .addHelpText("after", uiHelp)
    .action(async (flags: UiFlags & ConfigFlag) => {
      // The page's server is loaded only by this command.
      const { ui } = await import("../ui/ui.js");
      exit(await ui(flags, readConfig(flags.config, process.cwd()), process.env));
    });
};
