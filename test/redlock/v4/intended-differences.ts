/** Reasons for intended differences; these sentences appear in docs/migrating.md. */

export const refusedScripts =
  "Scripts of your own (lockScript, unlockScript, extendScript) are refused with InvalidOptionError: " +
  "what Holdfast knows about a lock would not be true with other scripts.";
export const released =
  "Releasing a lock that expired, vanished, was taken over or was released before resolves: it is not held " +
  "any more, which is what was asked for.";
export const zero =
  "Options of a single call count even when they are 0: version 4 ignored a 0 and used the constructor's.";
export const unknownOption =
  "Unknown options and values of a wrong type are refused with InvalidOptionError: version 4 ignored them.";

export const noTtl =
  "A ttl that is not a positive whole number is refused with InvalidOptionError, not tried on the servers.";
export const noResource =
  "A resource is a non-empty string, and there is at least one: anything else is refused with InvalidOptionError.";
export const acquireArray =
  "acquire with an array and without a callback is version 5's call, with version 5's lock and ExecutionError: use lock.";
