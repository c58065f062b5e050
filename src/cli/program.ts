import { Command, Option } from "commander";
import { readConfig } from "./config.js";
import { type DemoFlags, demo } from "./demo/demo.js";
import { type DoctorFlags, doctor } from "./doctor/doctor.js";
import { type InspectFlags, inspect } from "./inspect.js";
import {
  collect,
  collectResources,
  duration,
  durationOrForever,
  exitStatus,
  positiveDuration,
  quarantine,
} from "./option-values.js";
import { run } from "./run.js";
import { type RunFlags, resolveRun } from "./run-options.js";

interface ConfigFlag {
  readonly config?: string;
}

const durations = "Durations: 500ms, 30s, 1.5m, 2h, 1d; a plain integer is ms.";

const nodeSources = `Nodes: --node, else HOLDFAST_NODES (separated by commas or spaces), else "nodes" in --config FILE,
holdfast.config.json or .holdfastrc.json. An address with a password is better kept out of the
command line, which everybody on the machine can read.`;

const runHelp = `
Example:
  holdfast run --resource reports:nightly --node redis://10.0.0.1 --node redis://10.0.0.2 \\
    --node redis://10.0.0.3 --ttl 30s --wait 1m -- ./nightly-report.sh --full

${nodeSources}
${durations}

The command finds in its environment: HOLDFAST_RESOURCE (several are separated by line ends),
HOLDFAST_OWNER, HOLDFAST_ACQUISITION, HOLDFAST_VALID_UNTIL (epoch ms, at the start) and HOLDFAST_RUN, by
which its processes are recognised.

It runs in a session of its own, without the terminal's job control; --foreground keeps the terminal. If
the lock is not renewed in time, all that it started gets SIGTERM, and after the grace SIGKILL, before
somebody else can have the lock; without grace if the lock is gone already (deleted, or taken). A watchdog
does that even when holdfast itself is killed or stopped. With --foreground there is no group to end: on
Linux its processes are found all the same; elsewhere those whose parents have ended are not.
What the command leaves in its process group when it ends is ended too, before the lock is released.

Exit codes:
  the command's own; 128+n if signal n ended it; 126 it cannot be run; 127 there is no such command
  64 bad usage   69 no quorum of nodes   70 internal error   75 held by somebody else   76 lock lost, or --max-hold over
`;

const inspectHelp = `
Example:
  holdfast inspect reports:nightly --node redis://10.0.0.1 --node redis://10.0.0.2 --node redis://10.0.0.3

${nodeSources}
${durations}
Exit codes: 0; 64 bad usage; 69 no node could tell.
`;

const doctorHelp = `
Example:
  holdfast doctor --node redis://10.0.0.1 --node redis://10.0.0.2 --node redis://10.0.0.3

${nodeSources}
${durations}
It changes nothing on the servers, and touches no lock. Each finding is ok, a note, a warning or an error,
with what it means and what to do. docs/doctor.md lists them, and what --json prints.

Exit codes: 0 nothing worse than notes; 1 warnings; 2 errors; 64 bad usage; 69 no quorum of nodes could be asked.
`;

const demoHelp = `
Examples:
  holdfast demo
  holdfast demo --for 30s --node redis://127.0.0.1:6379

Without --node (HOLDFAST_NODES does not count here) it needs no server: five nodes in memory, three
workers, one resource. It shows grants, renewals, a node that dies and is healed, a lost quorum, the
loss it leads to, and releases. On servers an outage is made by closing the demo's own connections.
${durations}
`;

/** The command line. Each action gives its exit code to `exit`. */
export function buildProgram(version: string, exit: (code: number) => void): Command {
  const program = new Command("holdfast")
    .description("A distributed lock: run a command under it, see who holds it, watch it at work.")
    .version(version)
    .enablePositionalOptions()
    .exitOverride()
    // Every complaint is written by main, as one line.
    .configureOutput({ writeErr: () => undefined });

  const node = () =>
    new Option("--node <address>", "redis:// or rediss:// address of a node; repeat it for each").argParser(
      collect,
    );
  const nodeTimeout = (byDefault: string) =>
    new Option("--node-timeout <duration>", `for one node's answer (default: ${byDefault})`).argParser(
      positiveDuration,
    );
  const prefix = () => new Option("--prefix <text>", "put before each resource to make its Redis key");
  const config = () => new Option("--config <file>", "configuration file (JSON)");

  program
    .command("run")
    .description("Run a command while holding a lock.")
    .usage("--resource NAME... [options] -- COMMAND [ARG...]")
    .argument("<command...>", "the command and its arguments")
    .passThroughOptions()
    .option("--resource <name...>", "what to lock; several are locked together", collectResources)
    .addOption(node())
    .option(
      "--ttl <duration>",
      "for which the nodes keep the lock without a renewal (default: 30s)",
      positiveDuration,
    )
    .option(
      "--wait <duration>",
      'how long to wait for the lock, or "forever" (default: 1m)',
      durationOrForever,
    )
    .option("--no-wait", "try once")
    .option("--max-hold <duration>", "end the command before it held the lock for so long", positiveDuration)
    .option("--grace <duration>", "between SIGTERM and SIGKILL when the lock is lost (default: 5s)", duration)
    .option("--foreground", "keep the command in this process group, with the terminal")
    .option("--conflict-exit-code <code>", "if somebody else holds the lock (default: 75)", exitStatus)
    .option("--owner <label>", "shown to others as the holder (default: host:pid)")
    .addOption(prefix())
    .addOption(nodeTimeout("a quarter of the ttl, at most 500ms"))
    .option(
      "--quarantine <duration>",
      'for which a node that lost its memory does not vote, "auto" (default) or "off"; 0 takes nodes without memory for new',
      quarantine,
    )
    .option("--json", "every event as a line of JSON on stderr")
    .addOption(config())
    .addHelpText("after", runHelp)
    .action(async (command: string[], flags: RunFlags & ConfigFlag) => {
      exit(await run(resolveRun(flags, command, readConfig(flags.config, process.cwd()), process.env)));
    });

  program
    .command("inspect")
    .description("Show who holds a resource, node by node.")
    .argument("<name>", "the resource")
    .addOption(node())
    .addOption(prefix())
    .addOption(nodeTimeout("2s"))
    .option("--json", "one JSON document on stdout")
    .addOption(config())
    .addHelpText("after", inspectHelp)
    .action(async (name: string, flags: InspectFlags & ConfigFlag) => {
      exit(await inspect(name, flags, readConfig(flags.config, process.cwd()), process.env));
    });

  program
    .command("doctor")
    .description("Examine the nodes: what is wrong with them, what it means, and what to do.")
    .addOption(node())
    .addOption(prefix())
    .option("--timeout <duration>", "for all that one node is asked (default: 5s)", positiveDuration)
    .option("--json", "one JSON document on stdout")
    .addOption(config())
    .addHelpText("after", doctorHelp)
    .action(async (flags: DoctorFlags & ConfigFlag) => {
      exit(await doctor(flags, readConfig(flags.config, process.cwd()), process.env));
    });

  program
    .command("demo")
    .description("Watch locks at work: contention, renewal, an outage, a loss.")
    .addOption(node())
    .option("--for <duration>", "how long it lasts (default: 15s)", positiveDuration)
    .addHelpText("after", demoHelp)
    .action(async (flags: DemoFlags) => exit(await demo(flags)));

  return program;
}
