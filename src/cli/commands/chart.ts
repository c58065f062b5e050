import { Argument, Option } from "commander";
import { chartNames } from "../../charts/layout.js";
import { type ChartFlags, formats, themes } from "../chart-options.js";
import type { AddCommand } from "./common.js";

const chartHelp = `
Examples:
  holdfast chart > lock.svg
  holdfast chart lock --state acquiring.asking --theme dark --output asking.png
  holdfast chart node --format mermaid

The charts are those of the machines that run. svg and png are pictures; mermaid is a stateDiagram-v2; json is a
configuration that XState's createMachine takes, and the editor of Stately imports. Without --format the ending of
the --output file decides: .svg, .mmd, .json or .png; svg without one.
--theme auto is as the reader's system has it; a png cannot know that, and is light then.
A png needs the package @resvg/resvg-js (npm install @resvg/resvg-js), and a font on this system.

Exit codes: 0; 64 bad usage; 69 no png can be drawn here; 73 the output cannot be written.
`;

export const addChart: AddCommand = (program, exit) => {
  program
    .command("chart")
    .description(
      "Draw the state chart of a lock, of a shared lock, of a node, of the manager of locks, or of an election.",
    )
    .addArgument(new Argument("[machine]", "whose chart").choices(chartNames).default("lock"))
    .addOption(new Option("--format <format>", "of what is written (default: svg)").choices(formats))
    .option("--state <state>", "the state to light, such as held or acquiring.asking")
    .addOption(new Option("--theme <theme>", "the colours of a picture (default: auto)").choices(themes))
    .option("--output <file>", "where it is written (default: stdout)")
    .addHelpText("after", chartHelp)
    .action(async (machine: (typeof chartNames)[number], flags: ChartFlags) => {
      // Loaded only here: no other command draws.
      const { chart } = await import("../chart.js");
      exit(await chart(machine, flags));
    });
};
