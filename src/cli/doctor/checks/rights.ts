import type { NodeCheck, Purpose, Trial } from "../facts.js";
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
    means: "It cannot be told which server this is: the same server named twice would have two votes.",
  },
  memory: {
    report: warning,
    means: "A loss of its memory may go unnoticed, or costs it its vote.",
  },
  queue: {
    report: warning,
    means: "Waiting in line does not work there: waiters poll, and not in the order of coming.",
  },
  wake: {
    report: warning,
    means: "Waiters are not told when it is their turn: they poll, every 27 to 45 ms.",
  },
  fence: { report: note, means: "Acquisitions with fence: true fail there; others don't need it." },
};

/** What the user may not do. */
export const checkRights: NodeCheck = ({ trials }) => {
  const purposes = Object.keys(words) as Purpose[];
  const found = purposes.flatMap((purpose) => missingFor(purpose, trials));
  if (found.length > 0 || trials.length === 0) return found;
  return [ok("rights", "the user may do all that Holdfast needs", [])];
};

function missingFor(purpose: Purpose, trials: readonly Trial[]): Finding[] {
  const missing = trials.filter((trial) => trial.purpose === purpose && trial.refusal !== null);
  if (missing.length === 0) return [];
  const named = (kind: Trial["needs"]["kind"]) =>
    missing.filter(({ needs }) => needs.kind === kind).map(({ needs }) => needs.name);
  const commands = named("command");
  const keys = named("key");
  const channels = [...new Set(named("channel"))];
  const unknown = missing.some(({ refusal }) => refusal?.code !== "NOPERM");
  const rules = [
    ...commands.map((name) => `+${name.toLowerCase()}`),
    ...keys.map((pattern) => `~${pattern}`),
    ...channels.map((pattern) => `&${pattern}`),
  ];
  return [
    words[purpose].report({
      code: `rights-${purpose}`,
      found: `${unknown ? "it does not know, or allow the user," : "the user may not use"} ${list([
        ...commands,
        ...keys.map((pattern) => `the keys ${pattern}`),
        ...channels.map((pattern) => `the channels ${pattern}`),
      ])}`,
      value: { commands, keys, channels },
      means: words[purpose].means,
      advice: `ACL SETUSER <user> ${rules.join(" ")}${
        purpose === "lock" && keys.length > 0
          ? "; if the user may only lock certain resources, name what they begin with: --prefix"
          : ""
      }`,
    }),
  ];
}
