/** A part of a recording that can be read by itself. Times in epoch ms. */
export interface SegmentInfo {
  readonly from: number;
  readonly to: number;
  /** Approximate number of characters of its lines. */
  readonly size: number;
}

/** Frames of the past, in segments. */
export interface FrameStore {
  /** In order. */
  readonly segments: readonly SegmentInfo[];
  /** The lines of a segment, for a `DeltaDecoder`. Rejects if the segment cannot be read. */
  lines(index: number): Promise<string>;
}
