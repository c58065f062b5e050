import type { NodeCheck, Purpose, Standards, Trial } from "../facts.js";
import { error, type Finding, note, ok, warning } from "../finding.js";
import { list } from "../words.js";
import { restoreAdvice } from "./renamed.js";

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
  return [
    report({
      code: `rights-${first.purpose}`,
      found: foundIn(refused),
      value,
      means,
      advice: adviceFor(first.purpose, trials),
    }),
  ];
}

function foundIn(refused: readonly Trial[]): string {
  const missing = needsOf(refused.filter(({ outcome }) => outcome === "missing"));
  const forbidden = needsOf(refused.filter(({ outcome }) => outcome === "forbidden"));
  const facts = [
    ["the server does not know", missing],
    ["the user may not use", forbidden],
  ] as const;
  return facts
    .flatMap(([fact, needs]) => (isEmpty(needs) ? [] : [`${fact} ${wordsOf(needs)}`]))
    .join(", and ");
}

const isEmpty = ({ commands, keys, channels }: Needs): boolean =>
  commands.length + keys.length + channels.length === 0;

const wordsOf = ({ commands, keys, channels }: Needs): string =>
  list([
    ...commands,
    ...keys.map((pattern) => `the keys ${pattern}`),
    ...channels.map((pattern) => `the channels ${pattern}`),
  ]);

function adviceFor(purpose: Purpose, trials: readonly Trial[]): string {
  const having = (...outcomes: Trial["outcome"][]) =>
    needsOf(trials.filter(({ outcome }) => outcomes.includes(outcome)));
  const [missing, forbidden, unknown] = [having("missing"), having("forbidden"), having("unknown")];
  const restore = missing.commands.length === 0 ? [] : [restoreAdvice(missing.commands)];
  if (isEmpty(forbidden)) {
    return [...restore, ...(isEmpty(unknown) ? [] : ["then ask again: other rights are not known yet"])].join(
      "; ",
    );
  }
  // Permissions that are unknown because a command was refused may be refused next.
  const { commands, keys, channels } = having("forbidden", "unknown");
  const rules = [
    ...commands.map((name) => `+${name.toLowerCase()}`),
    ...keys.map((pattern) => `~${pattern}`),
    ...channels.map((pattern) => `&${pattern}`),
  ].join(" ");
  const allow = `ACL SETUSER <user> ${rules}`;
  if (purpose !== "lock") return [allow, ...restore].join("; ");
  const hints = [
    ...(forbidden.keys.length > 0
      ? ["if the user may only lock certain resources, name what they begin with: --prefix"]
      : []),
    ...(forbidden.commands.includes("EVAL")
      ? ["then ask again: which other keys it may use is not known yet"]
      : []),
  ];
  return [allow, ...restore, ...hints].join("; ");
}

type Needs = Readonly<Record<"commands" | "keys" | "channels", readonly string[]>>;

function needsOf(trials: readonly Trial[]): Needs {
  const named = (kind: Trial["needs"]["kind"]) => [
    ...new Set(trials.flatMap(({ needs }) => (needs.kind === kind ? [needs.name] : []))),
  ];
  return { commands: named("command"), keys: named("key"), channels: named("channel") };
}
