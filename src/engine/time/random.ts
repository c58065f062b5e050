import { Buffer, randomFillSync } from "../../support/platform.js";

/** The only source of chance. Injected, so that a seed can decide everything in the simulator. */
export interface Random {
  /** A fresh secret of 128 bits, as 22 characters of base64url. */
  secret(): string;
  /** From 0 (included) to 1 (excluded). */
  fraction(): number;
}

const secretBytes = 16;
/** Filled at once and used up: asking the system for each secret costs more than all else that a token needs. */
const pool = Buffer.alloc(secretBytes * 256);
let used = pool.length;

function secret(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += secretBytes;
  return pool.toString("base64url", used - secretBytes, used);
}

export const systemRandom: Random = { secret, fraction: Math.random };
