/** Reasons for intended differences that several cases show. Each appears, word for word, in docs/migrating.md. */
export const reasons = {
  clientErrors:
    "A failed node is reported with a `ClientError`, which has the `node` and the `reason`; the original passes on the client's own error.",
  closed:
    "After `quit()`, acquiring rejects with a `ManagerClosedError`, and calls that were waiting reject at once; the original goes on trying with closed connections.",
  duplicates:
    "A server votes only once: the same client given twice makes the constructor throw a `DuplicateNodeError`, and two clients of one server make every acquisition reject with one.",
  hangs:
    "A node that hangs counts as a vote against after the `nodeTimeout`; the original waits for it forever.",
  kept: "`using` settles with its routine's value or error, even if the lock was lost or could not be released; the signal reports the loss.",
  nothingToRelease:
    "Releasing a lock that has expired, vanished, was taken over or was already released resolves: there is nothing left to release.",
  scripts:
    "Custom scripts are refused with an `InvalidOptionError`, and there is no `redlock.scripts`: one script decides what a lock is on its nodes.",
  settings:
    "A setting that does not exist, or whose value cannot work, is refused with an `InvalidOptionError`; the original ignores it.",
  tooLate:
    "A lock that has no validity left when it is granted is released, and the acquisition fails; the original resolves with a lock that has already expired.",
} as const;
