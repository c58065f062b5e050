/** Something that happened to a lock. */
export interface Note {
  readonly id: number;
  /** Epoch ms. */
  readonly time: number;
  readonly kind: "acquired" | "quorumLost" | "expired" | "failed";
  readonly text: string;
}
