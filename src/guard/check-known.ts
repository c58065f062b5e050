import { InvalidOptionError } from "../errors.js";

/** @throws InvalidOptionError unless the value is an object whose properties are all known. */
export function checkKnown(name: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new InvalidOptionError(name, options, `an object with ${known.join(", ")}`);
  for (const [option, value] of Object.entries(options))
    if (!known.includes(option))
      throw new InvalidOptionError(option, value, `left out: known are ${known.join(", ")}`);
}
