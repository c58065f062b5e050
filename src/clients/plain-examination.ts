import { integer, shape, text } from "../engine/protocol/decoding.js";
import { messageOf } from "../engine/protocol/error-message.js";
import { isLuaFault, lastingRefusal, luaFault } from "../engine/protocol/refusal.js";
import { probeKey } from "../engine/protocol/side-keys.js";
import { type EvalForm, evalForms } from "./plain-eval.js";

/** Returns what it was given, and uses a function that imitations of Redis lack. Writes and reads nothing. */
const script = "return { KEYS[1], ARGV[1], ARGV[2], #KEYS, #redis.sha1hex('') }";
const args = ["first~", "second~"];

/** How servers report arguments in a form that they do not expect. */
const wrongArguments = /not an integer|wrong number of arguments|number of keys/i;

type Call = (
  form: EvalForm,
  script: string,
  keys: readonly string[],
  args: readonly string[],
) => Promise<unknown>;

interface Outcome {
  readonly works: boolean;
  /** Why no call in this form can succeed; undefined if one may succeed later. */
  readonly fault?: string;
  /** Why no call in any form can succeed. */
  readonly imitation?: string;
}

/**
 * Finds the form in which a client expects the arguments of a script; `known` is tried first. A `fault` tells why the
 * client can never run a script; without one, the form stays as it is because nothing is certain.
 */
export async function findEvalForm(
  known: EvalForm,
  call: Call,
): Promise<{ readonly form: EvalForm; readonly fault?: string }> {
  const first = await outcomeOf(known, call);
  // A client that cannot reach its server is not asked again at once.
  if (first.works || first.fault === undefined) return { form: known };
  for (const form of evalForms) {
    if (form === known) continue;
    const { works, imitation } = await outcomeOf(form, call);
    if (works) return { form };
    if (imitation !== undefined) return { form: known, fault: imitation };
  }
  return { form: known, fault: first.fault };
}

async function outcomeOf(form: EvalForm, call: Call): Promise<Outcome> {
  try {
    const reply = await call(form, script, [probeKey], args);
    if (isExpected(reply)) return { works: true };
    return {
      works: false,
      fault:
        `its ${form.name} answers ${Array.isArray(reply) ? "another array than the script" : shape(reply)}: it must ` +
        "resolve to the reply of the script, unchanged (for tests without a server, use memoryNode())",
    };
  } catch (error) {
    const message = messageOf(error);
    if (isLuaFault(message)) {
      const imitation = luaFault(message);
      return { works: false, fault: imitation, imitation };
    }
    if (lastingRefusal(message)) return { works: false, fault: message };
    return wrongArguments.test(message) || isProgrammingError(error)
      ? { works: false, fault: `it cannot be called as ${form.name}: ${message}` }
      : { works: false };
  }
}

/** The client may put a prefix in front of the key. */
const isExpected = (reply: unknown): boolean =>
  Array.isArray(reply) &&
  reply.length === 5 &&
  text(reply[0])?.endsWith(probeKey) === true &&
  args.every((each, index) => text(reply[index + 1]) === each) &&
  integer(reply[3]) === 1 &&
  integer(reply[4]) === 40;

/** How fetch() reports, as a TypeError, that a request failed: Node.js, Chromium, WebKit, Firefox, React Native. */
const failedFetch = /fetch failed|failed to fetch|load failed|networkerror|network request failed/i;

/** The client does not expect such arguments. A failed request over HTTP is a TypeError too. */
function isProgrammingError(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { name, cause } = error as { name?: unknown; cause?: unknown };
  if (name !== "TypeError" && name !== "RangeError") return false;
  return cause === undefined && !failedFetch.test(messageOf(error));
}
