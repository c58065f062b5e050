import { Option } from "commander";
import { otherSetsRules, readConfig } from "../config.js";
import { usageError } from "../exit.js";
import {
  collectResources,
  duration,
  durationOrForever,
  exitStatus,
  positiveDuration,
  quarantine,
} from "../option-values.js";
import { run } from "../run.js";
import { type RunFlags, resolveRun } from "../run-options.js";
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
Linux its processes are found all the same; elsewhere those whose parents have ended are not. Ctrl-C in
the terminal then reaches the command by itself, so that holdfast does not pass SIGINT on.
What the command leaves in its process group when it ends is ended too, before the lock is released.

A node that lost its memory (a restart, FLUSHALL) may have granted what somebody still holds: it does not
vote until that must be over; holdfast doctor shows when. A new set of nodes starts when all of them are
there. --quarantine 0 starts it without one that is not, and ends what a node waits for: it is meant for
one run, and takes any node without memory for new.

With --elect, each process that runs the same line is a candidate. The command runs in the one that leads. When
the leader ends, however it ends, another candidate leads and starts the command: at once after SIGTERM, and
when the ttl is over after SIGKILL. A leader that loses its lock ends the command as above, and campaigns again.
When the command ends by itself, the process resigns and ends with the exit code of the command; with
--restart, it starts the command again, after a pause of 0.5 s that doubles up to 30 s.

With --at-least the nodes keep the lock after the command has ended, without this process. It is meant for a
job that several machines start at about the same time, and that takes less time than their clocks differ.

Exit codes:
  the command's own; 128+n if signal n ended it; 126 it cannot be run; 127 there is no such command
  64 bad usage   69 no quorum of nodes   70 internal error   75 held by somebody else   76 lock lost, or --max-hold over
`;

export const addRun: AddCommand = (program, exit) => {
  const given = new Set<string>();
  const command = program.command("run");
  // Both options have one value, of which the last one would silently win.
  for (const option of ["wait", "no-wait"]) command.on(`option:${option}`, () => given.add(option));
  command
    .description("Run a command while holding a lock.")
    .usage("(--resource NAME... | --elect NAME) [options] -- COMMAND [ARG...]")
    .argument("<command...>", "the command and its arguments")
    .passThroughOptions()
    .option("--resource <name...>", "what to lock; several are locked together", collectResources)
    .option("--elect <name>", "run the command wherever the leader of this election is")
    .option("--restart", "start the command again when it ends while its process leads (with --elect)")
    .addOption(node())
    .addOption(previousNode())
    .addOption(group())
    .option(
      "--ttl <duration>",
      "for which the nodes keep the lock without a renewal (default: 30s; a --grace of 5s needs 13s or more)",
      positiveDuration,
    )
    .option(
      "--wait <duration>",
      'how long to wait for the lock, or "forever" (default: 1m)',
      durationOrForever,
    )
    .option("--no-wait", "try once")
    .option("--max-hold <duration>", "end the command before it held the lock for so long", positiveDuration)
    .option(
      "--at-least <duration>",
      "keep the lock for so long, even if the command ends earlier (default: 0)",
      duration,
    )
    .option(
      "--grace <duration>",
      "between SIGTERM and SIGKILL when the lock is lost (default: 5s); the ttl must leave time for it",
      duration,
    )
    .option("--foreground", "keep the command in this process group, with the terminal")
    .option("--conflict-exit-code <code>", "if somebody else holds the lock (default: 75)", exitStatus)
    .option("--owner <label>", "shown to others as the holder (default: host:pid)")
    .addOption(prefix())
    .addOption(nodeTimeout("a quarter of the ttl, at most 1s"))
    .option(
      "--connect-timeout <duration>",
      "for one node to connect, before the attempt goes on without it (default: 5s)",
      positiveDuration,
    )
    .option(
      "--quarantine <duration>",
      'for which a node that lost its memory does not vote; "auto" (default): as long as it must; "off": it votes',
      quarantine,
    )
    .addOption(
      new Option(
        "--other-sets <treatment>",
        "of nodes that a process with other nodes uses too: warn (default), refuse to acquire, or allow",
      ).choices(otherSetsRules),
    )
    .option("--publish", "publish the lock over the nodes (for holdfast ui and holdfast watch)")
    .option("--json", "every event as a line of JSON on stderr")
    .addOption(config())
    .addHelpText("after", runHelp)
    .action(async (command: string[], flags: RunFlags & ConfigFlag) => {
      if (given.size > 1) throw usageError("--wait and --no-wait exclude each other; use one of them");
      exit(await run(resolveRun(flags, command, readConfig(flags.config, process.cwd()), process.env)));
    });
};
