import type { NodeCheck } from "../facts.js";
import { error, ok } from "../finding.js";
import { isReportedElsewhere } from "../refusal.js";
import { isUnknownCommand, restoreAdvice } from "./renamed.js";

const means = "Every vote is a script: its votes fail.";

/** Whether scripts run. A missing permission is reported by the check of permissions. */
export const checkScript: NodeCheck = ({ script }) => {
  if (script.ok && script.value === 1) return [ok("script", "it runs scripts", true)];
  if (script.ok) {
    return [
      error({
        code: "script",
        found: "a script that returns 1 returned something else",
        value: false,
        means,
        advice: "look at what stands between: a proxy that rewrites commands cannot be a node",
      }),
    ];
  }
  const { code, message } = script.refusal;
  if (isReportedElsewhere(code)) return [];
  const missing = isUnknownCommand(script);
  return [
    error({
      code: "script",
      found: missing ? "it does not know EVAL" : `it does not run scripts (${message})`,
      value: false,
      means,
      advice: missing
        ? restoreAdvice(["EVAL"])
        : "look at the server's log; a script that does not end is stopped by SCRIPT KILL",
    }),
  ];
};
