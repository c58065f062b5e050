import { integer, shape, text, written } from "./decoding.js";
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
 * Decodes the reply of {@link identificationScript}. A single part is the run id alone; the part is null if it is hidden.
 *
 * @throws NewerMemoryError if the memory is of a later protocol version; another error if the reply is invalid.
 */
export function decodeIdentification(raw: unknown): Identification {
  if (!Array.isArray(raw)) throw unexpected(raw);
  const runId = written(raw[0] ?? "");
  if (runId === null) throw unexpected(raw);
  if (raw.length === 1) return { runId: runId || null, id: null, memory: null };
  const marker = text(raw[1] ?? "");
  const [now, watermark, longLeft] = [integer(raw[2]), written(raw[3]), integer(raw[4])];
  if (marker === null || watermark === null || now === null || longLeft === null) throw unexpected(raw);
  return readMarker(marker, { runId: runId || null, now, watermark: integer(watermark) ?? 0, longLeft });
}

const unexpected = (raw: unknown): Error => new Error(`unexpected reply: ${shape(raw)}`);
