import type { Vote } from "./vote.js";

type FailedVote = Extract<Vote, { kind: "failed" }>;

const doctor = "`holdfast doctor`";

/** Whether only the program can do something about it: its client is closed, and no failure of a server is known. */
const isOfProgram = ({ message }: FailedVote): boolean =>
  /the client is closed: the program closed it[^(]*$/.test(message);

/** What to do about a cause that the message of the vote does not explain. */
const remedies: readonly (readonly [causes: (vote: FailedVote) => boolean, remedy: string])[] = [
  [
    ({ reason, message }) => reason === "timeout" || /it was silent for too long/.test(message),
    "check the servers that do not answer, or wait longer (nodeTimeout, wait)",
  ],
  [
    ({ message }) => /(^|[\s:(])(WRONGPASS |ERR invalid password)/.test(message),
    "correct the user or the password",
  ],
  [({ message }) => /(^|[\s:(])NOAUTH /.test(message), "give the user and the password"],
  [({ message }) => /ECONNREFUSED/.test(message), "start the server, or correct host and port"],
  [
    ({ message }) => /(^|[\s:(])(ERR max number of clients|DENIED )/.test(message),
    "look at protected-mode, bind and maxclients in the server's configuration",
  ],
  [({ message }) => /ENOTFOUND|EAI_AGAIN/.test(message), "correct the host name, or the DNS"],
  [
    ({ message }) => /no reply to AUTH|did not answer while connecting/.test(message),
    "check whether the server hangs, and the firewalls",
  ],
  [
    ({ message }) => /ERR unknown command '?`?eval\b/i.test(message),
    "permit EVAL; or, if it is a Sentinel, pass a client that is given its Sentinels",
  ],
  [isOfProgram, "keep the client open for as long as Holdfast uses it, or open it again"],
  [({ message }) => /(^|[\s-])OOM /.test(message), "free memory or raise maxmemory"],
  [({ message }) => /(^|[\s-])READONLY /.test(message), "point the client to the master"],
];

/** What to do about the nodes that failed; or nothing. `reachable`: whether a later round can reach a quorum. */
export function adviceOn(votes: readonly Vote[], reachable: boolean): string {
  const failures = votes.filter((vote) => vote.kind === "failed");
  const advice = remedies.filter(([causes]) => failures.some(causes)).map(([, remedy]) => remedy);
  if (failures.some(({ reason, lasting }) => lasting === true || reason === "notReady")) {
    if (!reachable) advice.push("waiting does not help");
    const unexplained = failures.filter((failure) => !isOfProgram(failure));
    if (unexplained.length > 0 && !unexplained.some(({ message }) => message.includes(doctor))) {
      advice.push(`${doctor} examines the nodes`);
    }
  }
  return advice.length === 0 ? "" : `: ${advice.join("; ")}`;
}
