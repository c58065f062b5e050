import { randomBytes } from "node:crypto";

/** The only source of chance. Injected, so that a seed can decide everything in the simulator. */
export interface Random {
  /** A fresh secret of 128 bits, as 22 characters of base64url. */
  secret(): string;
  /** From 0 (included) to 1 (excluded). */
  fraction(): number;
}

export const systemRandom: Random = {
  secret: () => randomBytes(16).toString("base64url"),
  fraction: Math.random,
};
