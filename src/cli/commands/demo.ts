import { type DemoFlags, demo } from "../demo/demo.js";
import { durationOrForever } from "../option-values.js";
import { type AddCommand, durations, node } from "./common.js";

const demoHelp = `
Examples:
  holdfast demo
  holdfast demo --for 30s --node redis://127.0.0.1:6379

Without --node (HOLDFAST_NODES does not count here) it needs no server: five nodes in memory, three
workers, one resource. It shows grants, renewals, a node that dies and is healed, a lost quorum, the
loss it leads to, and releases; on servers an outage is made by closing the demo's own connections. The
first line is the address of a page that shows all this as it happens; only this machine reaches it.
If it lasts 90 s or longer, the page tells it as a story in chapters, which can be paused.
${durations}
`;

export const addDemo: AddCommand = (program, exit) => {
  program
    .command("demo")
    .description("Watch locks at work: contention, renewal, an outage, a loss.")
    .addOption(node())
    .option(
      "--for <duration>",
      'how long it lasts, 8s or longer, or "forever" (default: until Ctrl-C on a terminal, else 15s)',
      durationOrForever,
    )
    .addHelpText("after", demoHelp)
    .action(async (flags: DemoFlags) => exit(await demo(flags)));
};
