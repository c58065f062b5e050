/** Reasons for intended differences; these sentences appear in docs/migrating.md. */

export const alwaysYes =
  "RedisjsClient returns what the server answered: the original returned OK and 1 without looking, so that such a server always voted for everybody.";
export const renewedByQuorum =
  "renewLock is decided by a majority of the servers: the original needed every one of them.";
export const strategyCalls =
  "The retry function is called between attempts, not after the last one: with three attempts it is called twice.";
export const noWait =
  "After its last attempt a failed acquisition returns at once: the original waited once more.";
export const noAttempts =
  "retryCount 0 makes one attempt, and -1 means without end: the original gave null without any attempt.";
export const badTtl =
  "A ttl that is not a positive whole number is refused with InvalidOptionError: the original gave null.";
export const clientErrors =
  "clientError gives a ClientError, which names the server and the reason: the original gave the client's own error.";
export const oneServer =
  "Two clients of one server are refused with DuplicateNodeError when the first lock is acquired: the original's " +
  "examples do this, and one server then has two votes.";
