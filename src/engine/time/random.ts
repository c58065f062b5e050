import { Buffer, fillRandomly } from "../../support/platform.js";

/** The only source of randomness. The source is injected, so that a seed determines everything in the simulator. */
export interface Random {
  /** A fresh secret of 128 bits, as 22 characters of base64url. */
  secret(): string;
  /** A number from 0 (inclusive) to 1 (exclusive). */
  fraction(): number;
}

const secretBytes = 16;
/**
 * Random bytes for many secrets: a call to the system for each secret would cost more than the rest of a token's
 * creation.
 */
const pool = Buffer.alloc(secretBytes * 256);
let used = pool.length;

function secret(): string {
  if (used === pool.length) {
    fillRandomly(pool);
    used = 0;
  }
  used += secretBytes;
  return pool.toString("base64url", used - secretBytes, used);
}

export const systemRandom: Random = { secret, fraction: Math.random };
