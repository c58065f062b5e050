/** The states of a lock. Only a shared lock is ever `upgrading`: its lease is held, and is to become exclusive. */
export type LockState = "idle" | "acquiring" | "held" | "renewing" | "upgrading" | "releasing" | "expired";
