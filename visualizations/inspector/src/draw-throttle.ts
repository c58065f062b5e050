/** Maximum share of the time that is spent on drawing. With many locks the page then draws less often, and stays responsive. */
const maxShare = 0.15;
/** Maximum time in ms between two drawings, if one was requested. */
const maxDelay = 1_000;

/** The browser's scheduling, or a simulated one. Times in ms. */
export interface Scheduling {
  now(): number;
  /** Calls back before the browser paints the next frame. */
  beforePaint(callback: () => void): void;
  after(delay: number, callback: () => void): void;
}

/** Draws when asked to: at most once for each frame of the screen, and less often the longer it takes. */
export class DrawThrottle {
  private busy = false;
  /** Whether another drawing was requested since the present one began. */
  private again = false;
  private notBefore = 0;

  constructor(
    private readonly draw: () => void,
    private readonly scheduling: Scheduling,
  ) {}

  request(): void {
    this.again = true;
    if (this.busy) return;
    this.busy = true;
    const left = this.notBefore - this.scheduling.now();
    if (left > 0) this.scheduling.after(left, () => this.drawNext());
    else this.drawNext();
  }

  private drawNext(): void {
    const { scheduling } = this;
    scheduling.beforePaint(() => {
      const began = scheduling.now();
      this.again = false;
      this.draw();
      // Runs after the browser has painted.
      scheduling.after(0, () => {
        const took = scheduling.now() - began;
        this.notBefore = began + Math.min(took / maxShare, maxDelay);
        this.busy = false;
        if (this.again) this.request();
      });
    });
  }
}
