import { InvalidArgumentError } from "commander";
import { readConfig } from "../config.js";
import { type DoctorFlags, doctor } from "../doctor/doctor.js";
import { shortestWait } from "../doctor/wait/wait.js";
import { positiveDuration } from "../option-values.js";
import {
  type AddCommand,
  type ConfigFlag,
  config,
  durations,
  group,
  node,
  nodeSources,
  prefix,
  previousNode,
} from "./common.js";

function waitDuration(text: string): number {
  const ms = positiveDuration(text);
  if (ms >= shortestWait) return ms;
  throw new InvalidArgumentError("It must be 1s or longer. A plain integer is ms: 5m is five minutes.");
}

const doctorHelp = `
Example:
  holdfast doctor --node redis://10.0.0.1 --node redis://10.0.0.2 --node redis://10.0.0.3

${nodeSources}
${durations}
It changes nothing on the servers, and touches no lock. Each finding is ok, a note, a warning or an error,
with what it means and what to do. docs/doctor.md lists them, and what --json prints.

Exit codes: 0 nothing worse than notes; 1 warnings; 2 errors; 64 bad usage; 69 no quorum of nodes could be asked.

--wait 5m returns when every node votes and is healed: every lock that a quorum of the other nodes holds is on it
too. A rolling restart is a loop, with all nodes in HOLDFAST_NODES:
  for node in a b c; do
    ssh $node systemctl restart redis && holdfast doctor --wait 5m || break
  done
Exit codes with --wait: 0 every node votes and is healed; 64 bad usage; 69 a node cannot be asked for a
  reason that does not end by itself, such as a wrong password; 75 the wait ran out, and one line says for which node, and why.
`;

export const addDoctor: AddCommand = (program, exit) => {
  program
    .command("doctor")
    .description("Examine the nodes: what is wrong with them, what it means, and what to do.")
    .addOption(node())
    .addOption(previousNode())
    .addOption(group())
    .addOption(prefix())
    .option("--timeout <duration>", "how long a node may be silent (default: 5s)", positiveDuration)
    .option("--wait <duration>", "until every node votes and is healed, instead of a report", waitDuration)
    .option("--json", "one JSON document on stdout")
    .addOption(config())
    .addHelpText("after", doctorHelp)
    .action(async (flags: DoctorFlags & ConfigFlag) => {
      exit(await doctor(flags, readConfig(flags.config, process.cwd()), process.env));
    });
};
