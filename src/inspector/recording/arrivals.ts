import type { Frame } from "../feed/frames.js";

/** A frame of the past. */
export interface ArrivedFrame {
  readonly frame: Frame;
  /** When it arrived: epoch ms by the recorder's clock. */
  readonly at: number;
}

/**
 * When the frames of an old recording arrived, which does not say so, as far as their order and times tell: the first frame
 * of a process arrived with the frame before, and the others as much later as the process's own clock says.
 */
export class EstimatedArrivals {
  private readonly lags = new Map<string, number>();

  /** `at`: epoch ms of the first frame. */
  constructor(private at: number) {}

  of({ source, time }: Frame): number {
    const lag = this.lags.get(source) ?? this.at - time;
    this.lags.set(source, lag);
    this.at = Math.max(this.at, time + lag);
    return this.at;
  }
}
