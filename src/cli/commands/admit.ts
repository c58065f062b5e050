import { type AdmitFlags, admit } from "../admit/admit.js";
import { readConfig } from "../config.js";
import { collect, positiveDuration } from "../option-values.js";
import { type AddCommand, type ConfigFlag, config, durations } from "./common.js";

const admitHelp = `
Example:
  holdfast admit --node redis://10.0.0.2 --other redis://10.0.0.1 --other redis://10.0.0.3

A node that lost its memory may have granted locks that are still held, so it does not vote until that must be
over. This command ends that at once. If a lock that it granted is still in use, two may hold it: the command says
so, and asks first. Who ended it is recorded on the node for a week, and holdfast doctor shows it.

The other nodes of the set: --other, else HOLDFAST_NODES, else "nodes" in --config FILE, holdfast.config.json or
.holdfastrc.json. The highest fence and the longest ttl are taken over from those that answer.
${durations}
Exit codes: 0 it votes, or voted already; 1 not confirmed; 64 bad usage, or no terminal and no --yes;
  69 the node cannot be asked; 75 the node changed meanwhile.
`;

export const addAdmit: AddCommand = (program, exit) => {
  program
    .command("admit")
    .description("End the quarantine of a node that lost its memory.")
    .option("--node <address>", "redis:// or rediss:// address of the node to admit", collect)
    .option("--other <address>", "address of another node of the set; repeat it for each", collect)
    .option("--yes", "do not ask: the risk is known")
    .option("--timeout <duration>", "how long a node may be silent (default: 5s)", positiveDuration)
    .addOption(config())
    .addHelpText("after", admitHelp)
    .action(async (flags: AdmitFlags & ConfigFlag) => {
      exit(await admit(flags, readConfig(flags.config, process.cwd()), process.env));
    });
};
