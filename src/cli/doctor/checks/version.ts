import type { NodeCheck } from "../facts.js";
import { error, note, ok, warning } from "../finding.js";
import { serverKind } from "../info.js";
import { timedOut } from "../refusal.js";
import { isUnknownCommand, restoreAdvice } from "./renamed.js";

const rank = (major: number, minor: number, patch: number) => (major * 1_000 + minor) * 1_000 + patch;
/** Earlier versions have no SET with NX and PX. */
const locksSince = rank(2, 6, 12);
/** In earlier versions a script that has called TIME cannot write. */
const queuesSince = rank(5, 0, 0);

export const checkVersion: NodeCheck = ({ info }) => {
  if (!info.ok && info.refusal.code === timedOut) return [];
  if (!info.ok) {
    return [
      note({
        code: "version",
        found: `it does not report its version (${info.refusal.message})`,
        value: null,
        means: "Whether it is recent enough, evicts keys or persists them is not known.",
        advice: `${isUnknownCommand(info) ? restoreAdvice(["INFO"]) : "allow the user INFO"}; and look at the server's configuration`,
      }),
    ];
  }
  const { kind, version, redisVersion } = serverKind(info.value);
  const value = { kind, version, redisVersion };
  const found = `${kind} ${version ?? "of unknown version"}`;
  if (isBefore(redisVersion, locksSince)) {
    return [
      error({
        code: "version",
        found,
        value,
        means: "It has no SET with NX and PX: it cannot hold locks.",
        advice: "use Redis 5 or later, or Valkey",
      }),
    ];
  }
  if (isBefore(redisVersion, queuesSince)) {
    return [
      warning({
        code: "version",
        found,
        value,
        means:
          "Its scripts cannot write after they asked for the time: queueing does not work, waiters poll.",
        advice: "use Redis 5 or later, or Valkey",
      }),
    ];
  }
  if (kind === "Redis" || kind === "Valkey") return [ok("version", found, value)];
  return [
    note({
      code: "version",
      found,
      value,
      means: `Holdfast is tested with Redis, not with ${kind}.`,
      advice: "try it before you rely on it",
    }),
  ];
};

/** An unknown version counts as recent. */
function isBefore(version: string | null, since: number): boolean {
  const match = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(version ?? "");
  return match !== null && rank(Number(match[1]), Number(match[2]), Number(match[3] ?? 0)) < since;
}
