import { type Agenda, Appointment } from "../engine/agenda.js";

/** The one timer of a lock: setting it anew forgets what it was set to before. */
export class Alarm extends Appointment {
  private callback: () => void = () => {};

  constructor(
    private readonly foreground: Agenda,
    /** Keeps no process alive. */
    private readonly background: Agenda,
  ) {
    super();
  }

  /** ms; Infinity: it never goes off. */
  set(delay: number, callback: () => void, inBackground = false): void {
    this.clear();
    this.callback = callback;
    if (delay === Number.POSITIVE_INFINITY) return;
    (inBackground ? this.background : this.foreground).put(this, delay);
  }

  clear(): void {
    this.slot?.remove(this);
  }

  due(): void {
    this.callback();
  }
}
