import { inject } from "vitest";

declare module "vitest" {
  export interface ProvidedContext {
    /** Whether the searches of this project try many inputs; set in vitest.config.ts. */
    thorough: boolean;
  }
}

/**
 * A number of seeds or inputs of a search: `few` in `npm test`, and `many` in `npm run test:all`, which runs the same
 * files again.
 */
export const breadth = <T>(few: T, many: T): T => (inject("thorough") ? many : few);
