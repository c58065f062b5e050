import { inject } from "vitest";

declare module "vitest" {
  export interface ProvidedContext {
    /** Whether this project's managers group what they ask in one turn; vitest.config.ts says so. */
    grouping: boolean;
  }
}

/** What managers of suites that run both ways are given, in front of a test's own options. */
export const groupingOption = (): { readonly grouping?: false } =>
  inject("grouping") ? {} : { grouping: false };
