/** Decides when a claim asks each member. An `ask` does nothing once the claim has ended. */
export interface MemberGate {
  /** Calls `ask` now or later. */
  admit(member: number, ask: () => void): void;
  /** Calls all `ask` functions that have not been called. */
  admitAll(): void;
}
