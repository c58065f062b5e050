import { integer, shape, written } from "./decoding.js";
import type { setsInUseScript } from "./script.js";
import type { SetRecord, SetUse } from "./set-record.js";

/** Decodes the reply of {@link setsInUseScript}. @throws if the reply is invalid. */
export function decodeSetRecord(raw: unknown): SetRecord {
  const watermark = Array.isArray(raw) ? integer(written(raw[0])) : null;
  if (!Array.isArray(raw) || watermark === null) throw new Error(`unexpected reply: ${shape(raw)}`);
  const uses: SetUse[] = [];
  for (let at = 1; at + 1 < raw.length; at += 2) {
    const [sets, age] = [written(raw[at]), integer(raw[at + 1])];
    if (sets !== null && age !== null) uses.push({ sets, age });
  }
  return { watermark, uses };
}
