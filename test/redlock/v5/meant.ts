/** Why ours is meant to differ, where several cases show it. Each stands, word for word, in docs/migrating.md. */
export const meant = {
  clientErrors:
    "A node that failed is told of with a `ClientError`, which has the `node` and the `reason`; the original hands on the client's own error.",
  closed:
    "After `quit()` acquiring rejects with a `ManagerClosedError`, and so does at once what was waiting; the original goes on trying with closed connections.",
  duplicates:
    "A server votes only once: the same client given twice makes the constructor throw a `DuplicateNodeError`, and two clients of one server make every acquisition reject with one.",
  hangs:
    "A node that hangs counts as a vote against after the `nodeTimeout`; the original waits for it without end.",
  kept: "`using` comes to what its routine came to, value or error, also when the lock was lost or could not be released; the signal tells of the loss.",
  nothingToRelease:
    "Releasing a lock that is expired, taken over, vanished or released already resolves: there is nothing left to release.",
  scripts:
    "Custom scripts are refused with an `InvalidOptionError`, and there is no `redlock.scripts`: one script decides what a lock is on its nodes.",
  settings:
    "A setting that does not exist, or whose value cannot work, is refused with an `InvalidOptionError`; the original ignores it.",
  tooLate:
    "A lock that has no validity left when it is granted is given back, and the acquisition fails; the original resolves with a lock that is over already.",
} as const;
