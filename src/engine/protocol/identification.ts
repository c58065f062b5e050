import { integer, shape, text } from "./decoding.js";
import { formatAbstention, type Identification, type MemoryChange, readMarker } from "./memory.js";
import type { identificationScript } from "./script.js";

/** ARGV of {@link identificationScript}. `age`: the minimum age in ms of the long leases that count. */
export const encodeIdentification = (id: string, change: MemoryChange | null, age: number): string[] => {
  const args = [id, String(Math.floor(age))];
  if (change === null) return args;
  const { marker, abstention, longest, watermark } = change;
  return [...args, marker, formatAbstention(abstention), String(longest), String(watermark)];
};

/**
 * Decodes the reply of {@link identificationScript}. A single part is the run id alone. @throws if the reply is invalid.
 */
export function decodeIdentification(raw: unknown): Identification {
  if (!Array.isArray(raw)) return { runId: text(raw), id: null, memory: null };
  const [runId, marker, , watermark] = raw.map(text);
  if (typeof runId !== "string") throw new Error(`unexpected reply: ${shape(raw)}`);
  if (raw.length === 1) return { runId: runId || null, id: null, memory: null };
  const [now, longLeft] = [integer(raw[2]), integer(raw[4])];
  if (typeof marker !== "string" || typeof watermark !== "string" || now === null || longLeft === null) {
    throw new Error(`unexpected reply: ${shape(raw)}`);
  }
  return readMarker(marker, { runId: runId || null, now, watermark: integer(watermark) ?? 0, longLeft });
}
