import { type Agenda, Appointment } from "../engine/time/timer-wheel.js";

/** The one timer of a lock: setting it anew forgets what it was set to before. */
export class Alarm extends Appointment {
  private sleeper: Pick<Appointment, "due"> | null = null;

  constructor(
    private readonly foreground: Agenda,
    /** Keeps no process alive. */
    private readonly background: Agenda,
  ) {
    super();
  }

  /** ms; Infinity: it never goes off. */
  set(delay: number, sleeper: Pick<Appointment, "due">, inBackground = false): void {
    this.clear();
    this.sleeper = sleeper;
    if (delay === Number.POSITIVE_INFINITY) return;
    (inBackground ? this.background : this.foreground).put(this, delay);
  }

  clear(): void {
    this.slot?.remove(this);
  }

  due(): void {
    this.sleeper?.due();
  }
}
