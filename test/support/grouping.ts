import { inject } from "vitest";

declare module "vitest" {
  export interface ProvidedContext {
    /** Whether the managers of this project group the commands of a tick; set in vitest.config.ts. */
    grouping: boolean;
  }
}

/** The options for managers in suites that run with and without grouping. A test's own options come after these. */
export const groupingOption = (): { readonly grouping?: false } =>
  inject("grouping") ? {} : { grouping: false };
