import { InvalidOptionError } from "../../errors.js";
import { checkKnown } from "../../lock/option-checks.js";
import type { LocksOptions } from "../../lock/options.js";

type Publishing = Pick<LocksOptions, "publish">;

export interface PublishSettings {
  readonly stepsPerSecond: number;
}

const defaultStepsPerSecond = 200;
const maxStepsPerSecond = 10_000;

/**
 * Returns null if nothing is to be published.
 * @throws InvalidOptionError
 */
export function publishSettingsOf(options: Publishing): PublishSettings | null {
  const publish = publishOf(options);
  if (publish === false) return null;
  if (publish === true) return { stepsPerSecond: defaultStepsPerSecond };
  if (typeof publish !== "object" || publish === null) {
    throw new InvalidOptionError("publish", publish, "true, false, or an object with stepsPerSecond");
  }
  checkKnown("publish", publish, "publish");
  const { stepsPerSecond = defaultStepsPerSecond } = publish;
  if (Number.isSafeInteger(stepsPerSecond) && stepsPerSecond >= 1 && stepsPerSecond <= maxStepsPerSecond)
    return { stepsPerSecond };
  const allowed = `an integer from 1 to ${maxStepsPerSecond}`;
  throw new InvalidOptionError("publish.stepsPerSecond", stepsPerSecond, allowed);
}

/** Options that cannot be read are refused by the manager. */
function publishOf(options: Publishing | null): LocksOptions["publish"] {
  try {
    const publish = options?.publish;
    return publish === undefined ? false : publish;
  } catch {
    return false;
  }
}
