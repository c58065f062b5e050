import type { NodeCheck, Purpose, Standards, Trial } from "../facts.js";
import { error, type Finding, note, ok, warning } from "../finding.js";
import { list } from "../words.js";

interface Words {
  readonly report: typeof error;
  readonly means: string;
}

const words: Readonly<Record<Purpose, Words>> = {
  lock: { report: error, means: "Locks need it: its votes fail." },
  identity: {
    report: warning,
    means: "It is not known which server this is: the same server named twice would have two votes.",
  },
  memory: {
    report: warning,
    means: "A loss of its memory may go unnoticed, or costs it its vote.",
  },
  sets: {
    report: warning,
    means:
      "It is not recorded which sets of nodes are in use: a process that was left out of a change of the nodes goes unnoticed, and new nodes neither vote at once nor know the highest fence.",
  },
  queue: {
    report: warning,
    means:
      "Queueing does not work there: waiters poll, and not in the order of coming. Leases of more than a minute are refused.",
  },
  wake: {
    report: warning,
    means: "Waiters are not notified of their turn: they poll, every 27 to 45 ms.",
  },
  fence: { report: note, means: "Acquisitions with fence: true fail there; others don't need it." },
  publish: {
    report: note,
    means: "Only publish: true, holdfast watch and holdfast ui need it: through this node they show nothing.",
  },
};

/** What a single node needs the rights of its memory for. */
const single: Words = {
  report: note,
  means: "A restart, a failover or FLUSHALL may go unnoticed. A quarantine in ms does not begin without it.",
};

/** A single node has no other node to be mistaken for, and uses its memory only for a quarantine in ms. */
function wordsFor(purpose: Purpose, { nodes, quarantine }: Standards): Words {
  if (nodes > 1 || (purpose !== "identity" && purpose !== "memory")) return words[purpose];
  return typeof quarantine === "number" ? { ...single, report: warning } : single;
}

/** Which of the needed permissions the user lacks. */
export const checkRights: NodeCheck = ({ trials }, standards) => {
  const purposes = Object.keys(words) as Purpose[];
  const found = purposes.flatMap((purpose) =>
    lacking(
      trials.filter((trial) => trial.purpose === purpose),
      wordsFor(purpose, standards),
    ),
  );
  const needed = trials.filter(({ purpose }) => purpose !== "publish");
  if (needed.length === 0 || needed.some(({ outcome }) => outcome !== "allowed")) return found;
  const what = found.length === 0 ? "all that Holdfast needs" : "all that locks need";
  return [...found, ok("rights", `the user may do ${what}`, [])];
};

/** The missing permissions for one purpose. */
function lacking(trials: readonly Trial[], { report, means }: Words): Finding[] {
  const refused = trials.filter(({ outcome }) => outcome === "forbidden" || outcome === "missing");
  const [first] = refused;
  if (first === undefined) return [];
  const value = needsOf(refused);
  const missing = refused.some(({ outcome }) => outcome === "missing");
  const who = missing ? "the server does not know, or the user may not use," : "the user may not use";
  return [
    report({
      code: `rights-${first.purpose}`,
      found: `${who} ${list([
        ...value.commands,
        ...value.keys.map((pattern) => `the keys ${pattern}`),
        ...value.channels.map((pattern) => `the channels ${pattern}`),
      ])}`,
      value,
      means,
      advice: adviceFor(first.purpose, trials, value),
    }),
  ];
}

function adviceFor(purpose: Purpose, trials: readonly Trial[], refused: Needs): string {
  // Permissions that are unknown because a command was refused may be refused next.
  const { commands, keys, channels } = needsOf(trials.filter(({ outcome }) => outcome !== "allowed"));
  const rules = [
    ...commands.map((name) => `+${name.toLowerCase()}`),
    ...keys.map((pattern) => `~${pattern}`),
    ...channels.map((pattern) => `&${pattern}`),
  ].join(" ");
  if (purpose !== "lock") return `ACL SETUSER <user> ${rules}`;
  const hints = [
    ...(refused.keys.length > 0
      ? ["if the user may only lock certain resources, name what they begin with: --prefix"]
      : []),
    ...(refused.commands.includes("EVAL")
      ? ["then ask again: which other keys it may use is not known yet"]
      : []),
  ];
  return [`ACL SETUSER <user> ${rules}`, ...hints].join("; ");
}

type Needs = Readonly<Record<"commands" | "keys" | "channels", readonly string[]>>;

function needsOf(trials: readonly Trial[]): Needs {
  const named = (kind: Trial["needs"]["kind"]) => [
    ...new Set(trials.flatMap(({ needs }) => (needs.kind === kind ? [needs.name] : []))),
  ];
  return { commands: named("command"), keys: named("key"), channels: named("channel") };
}
