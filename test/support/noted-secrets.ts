import { type Random, systemRandom } from "../../src/engine/time/random.js";

/** The system's chance, and the secret part of every token that was made by it. */
export function noteSecrets(): { readonly random: Random; readonly secrets: readonly string[] } {
  const secrets: string[] = [];
  const random = {
    ...systemRandom,
    secret: () => {
      const secret = systemRandom.secret();
      secrets.push(secret);
      return secret;
    },
  };
  return { random, secrets };
}
