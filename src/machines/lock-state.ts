/** The six states of a lock. */
export type LockState = "idle" | "acquiring" | "held" | "renewing" | "releasing" | "expired";
