import { type Random, systemRandom } from "../../src/engine/time/random.js";

/** The system's random generator, and the secrets of all tokens that it has generated. */
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
