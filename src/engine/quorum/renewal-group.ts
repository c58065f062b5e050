/** Claims that are renewed together by one round. */
export interface RenewalGroup {
  /** A claim that waits for the decision has ended. */
  onEnded(): void;
}
