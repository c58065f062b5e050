import type { EntryFailure, Standards, Unreached } from "../facts.js";
import { error, type Finding } from "../finding.js";

interface Words {
  readonly found: string;
  readonly advice: string;
  /** Whether the cause does not end by itself, so that waiting is pointless. */
  readonly lasts?: true;
}

/** The reason in the system's or the server's own words is appended to `found`. */
const words: Readonly<Record<EntryFailure, Words>> = {
  refused: {
    found: "nothing listens there",
    advice: "start the server, or correct host and port",
  },
  unresolved: { found: "the host name is not known", advice: "correct the name, or the DNS" },
  unroutable: { found: "there is no way to that host", advice: "look at the network, and at firewalls" },
  noConnection: {
    found: "the host does not take the connection",
    advice: "look at the host, at firewalls, and at host and port",
  },
  silent: {
    found: "it takes the connection and does not answer",
    advice: "look whether the server hangs or is stopped, and whether it wants TLS (rediss://)",
  },
  closed: {
    found: "it ends the connection",
    advice: "look at the server's log, and whether it wants TLS (rediss://)",
  },
  notRedis: { found: "what answers there is no Redis", advice: "correct host and port", lasts: true },
  noTls: {
    found: "it does not answer to TLS",
    advice: "use redis:// if the server has no TLS there, or its TLS port",
  },
  tlsWanted: { found: "it wants TLS", advice: "use rediss://", lasts: true },
  certificate: {
    found: "its certificate is not trusted",
    advice: "name the host as in the certificate, and its authority's file in NODE_EXTRA_CA_CERTS",
    lasts: true,
  },
  password: {
    found: "it does not accept the user or the password",
    advice: "correct them in the address",
    lasts: true,
  },
  passwordMissing: {
    found: "it wants a password",
    advice:
      "put it into the address: redis://[user]:password@host; better in HOLDFAST_NODES than in the command line",
    lasts: true,
  },
  database: {
    found: "it does not have that database, or does not let the user in",
    advice: "leave the number out of all addresses, or allow SELECT",
    lasts: true,
  },
  loading: { found: "it is loading its data", advice: "ask again when it has loaded" },
  busy: {
    found: "it is busy with a script that does not end",
    advice: "end the script with SCRIPT KILL, and look at whose it is",
  },
  refusing: {
    found: "it refuses connections",
    advice: "look at protected-mode, bind and maxclients in the server's configuration",
  },
};

/** Why a server cannot be examined, in words. */
export const unreachableWords = ({ failure, message }: Pick<Unreached, "failure" | "message">): string =>
  `${words[failure].found} (${message})`;

/** What to do about a cause that does not end by itself; null for another. */
export const lastingAdvice = (failure: EntryFailure): string | null => {
  const { lasts, advice } = words[failure];
  return lasts === true ? advice : null;
};

/** `index`: the position of the node among all nodes. */
export function checkReachability(
  { failure, message }: Unreached,
  standards: Standards,
  index: number,
): Finding[] {
  const { advice } = words[failure];
  return [
    error({
      code: "unreachable",
      found: unreachableWords({ failure, message }),
      value: { why: failure, message },
      means: consequenceOf(index, standards),
      advice,
    }),
  ];
}

function consequenceOf(index: number, { nodes, previous }: Standards): string {
  if (previous === null) {
    return nodes === 1
      ? "It is the only node: no lock can be acquired or renewed."
      : "Its vote fails. Locks work only as long as a quorum of nodes answers.";
  }
  const alone = [
    ...(nodes === 1 && index === 0 ? ["`nodes`"] : []),
    ...(previous.length === 1 && previous[0] === index ? ["`previous`"] : []),
  ];
  return alone.length > 0
    ? `It is the only node of ${alone.join(" and of ")}: no process that uses it can acquire or renew a lock.`
    : "Its vote fails. Locks work only as long as a quorum of `nodes` and one of `previous` answer.";
}
