import { Chain, Link } from "../../support/linked-list.js";
import type { Clock, Timer } from "./clock.js";
import type { Departing, Turn } from "./tick-batcher.js";

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
    if (this.appointments.empty) this.agenda.idle(this);
  }

  get empty(): boolean {
    return this.appointments.empty;
  }

  cancel(): void {
    this.timer.cancel();
  }

  run(early: boolean): void {
    if (early) {
      this.timer = this.agenda.wake(this);
      return;
    }
    // What they put off by nothing is for another slot.
    this.agenda.forget(this);
    // In one go, so that what they send can travel together.
    for (let next = this.appointments.first; next !== null; next = this.appointments.first) {
      next.slot = null;
      this.appointments.remove(next);
      next.due();
    }
  }
}

/** The times of thousands of locks, with one timer for all that is due in the same ms. */
export class Agenda implements Departing {
  private readonly slots = new Map<number, Slot>();
  private emptied: Slot[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly turn: Turn,
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

  /** Nothing is due in it any more: its timer goes at the end of this turn, unless something else is by then. */
  idle(slot: Slot): void {
    if (this.emptied.push(slot) === 1) this.turn.add(this);
  }

  depart(): void {
    const { emptied } = this;
    this.emptied = [];
    for (const slot of emptied) {
      if (!slot.empty) continue;
      slot.cancel();
      this.forget(slot);
    }
  }

  forget(slot: Slot): void {
    if (this.slots.get(slot.time) === slot) this.slots.delete(slot.time);
  }
}
