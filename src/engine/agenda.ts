import type { Clock, Timer } from "./clock.js";

/** What is to happen at a time. A link of its slot's list, so that taking it off costs nothing. */
export abstract class Appointment {
  slot: Slot | null = null;
  before: Appointment | null = null;
  after: Appointment | null = null;

  abstract due(): void;
}

/** One ms, and all that is due in it. */
class Slot {
  private first: Appointment | null = null;
  private last: Appointment | null = null;
  private timer: Timer;

  constructor(
    private readonly agenda: Agenda,
    /** By the monotonic clock. */
    readonly time: number,
  ) {
    this.timer = agenda.wake(this);
  }

  add(appointment: Appointment): void {
    appointment.slot = this;
    appointment.before = this.last;
    if (this.last === null) this.first = appointment;
    else this.last.after = appointment;
    this.last = appointment;
  }

  remove(appointment: Appointment): void {
    const { before, after } = appointment;
    if (before === null) this.first = after;
    else before.after = after;
    if (after === null) this.last = before;
    else after.before = before;
    appointment.slot = appointment.before = appointment.after = null;
    if (this.first !== null) return;
    this.timer.cancel();
    this.agenda.forget(this);
  }

  /** In one go, so that what they send can travel together. */
  run(early: boolean): void {
    if (early) this.timer = this.agenda.wake(this);
    else
      for (let next = this.first; next !== null; next = this.first) {
        this.remove(next);
        next.due();
      }
  }
}

/** The times of thousands of locks, with one timer for all that is due in the same ms. */
export class Agenda {
  private readonly slots = new Map<number, Slot>();

  constructor(
    private readonly clock: Clock,
    /** Keeps no process alive. */
    private readonly background = false,
  ) {}

  /** In so many ms, or up to one later: never before. Finite. Returns the time, by the monotonic clock. */
  put(appointment: Appointment, delay: number): number {
    const time = Math.ceil(this.clock.monotonic() + Math.max(0, delay));
    this.putAt(appointment, time);
    return time;
  }

  /** At a whole ms of the monotonic clock. */
  putAt(appointment: Appointment, time: number): void {
    let slot = this.slots.get(time);
    if (slot === undefined) {
      slot = new Slot(this, time);
      this.slots.set(time, slot);
    }
    slot.add(appointment);
  }

  remove(appointment: Appointment): void {
    appointment.slot?.remove(appointment);
  }

  /** For the slots. */
  wake(slot: Slot): Timer {
    const { clock, background } = this;
    const left = () => slot.time - clock.monotonic();
    return clock.after(left(), () => slot.run(left() > 0), background);
  }

  forget(slot: Slot): void {
    this.slots.delete(slot.time);
  }
}
