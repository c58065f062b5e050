import { integer, shape, written } from "./decoding.js";
import type { setsInUseScript } from "./script.js";
import type { SetUse } from "./set-record.js";

/** Decodes the reply of {@link setsInUseScript}. @throws if the reply is invalid. */
export function decodeSetUses(raw: unknown): SetUse[] {
  if (!Array.isArray(raw)) throw new Error(`unexpected reply: ${shape(raw)}`);
  const uses: SetUse[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [sets, age] = [written(raw[at]), integer(raw[at + 1])];
    // A later version may describe sets in another way.
    if (sets !== null && age !== null && /^[^ ]+ /.test(sets)) uses.push({ sets, age });
  }
  return uses;
}
