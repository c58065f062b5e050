import { Chain, Link } from "./chain.js";
import type { Clock, Timer } from "./clock.js";

/** What is to happen at a time. */
export abstract class Appointment extends Link {
  slot: Slot | null = null;

  abstract due(): void;
}

/** One ms, and all that is due in it. */
class Slot {
  private readonly appointments = new Chain<Appointment>();
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
    this.appointments.add(appointment);
  }

  remove(appointment: Appointment): void {
    appointment.slot = null;
    this.appointments.remove(appointment);
    if (!this.appointments.empty) return;
    this.timer.cancel();
    this.agenda.forget(this);
  }

  run(early: boolean): void {
    if (early) {
      this.timer = this.agenda.wake(this);
      return;
    }
    // In one go, so that what they send can travel together.
    for (let next = this.appointments.first; next !== null; next = this.appointments.first) {
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
