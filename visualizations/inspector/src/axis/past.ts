import { effect, type Signal, signal } from "@preact/signals";
import type { OverviewView } from "../../../../src/inspector/axis/overview.js";
import type { Incident } from "../../../../src/inspector/incidents/incident.js";
import type { Hello } from "../connection.js";

/** What the server knows of the past. */
export interface PastView {
  readonly overview: OverviewView;
  readonly from: number;
  readonly to: number;
  readonly examined: number;
  readonly incidents: readonly Incident[];
}

/** What the axis needs of the page's state. */
interface PageState {
  readonly hello: Signal<Hello | null>;
  readonly incidents: Signal<readonly Incident[]>;
}

/** Interval in ms at which a live page asks again, and at which it does while a recording is examined. */
const liveInterval = 5_000;
const examineInterval = 1_000;

/** The data of the time axis, kept up to date. */
export class Axis {
  readonly past = signal<PastView | null>(null);
  /** The part that is enlarged; null for all. */
  readonly span = signal<{ readonly from: number; readonly to: number } | null>(null);
  private timer: ReturnType<typeof setTimeout> | undefined;

  start(inspector: PageState): void {
    effect(() => {
      if (inspector.hello.value !== null) void this.refresh(inspector);
    });
  }

  private async refresh(inspector: PageState): Promise<void> {
    clearTimeout(this.timer);
    try {
      const response = document.hidden ? null : await fetch("past");
      if (response?.ok) {
        const past = (await response.json()) as PastView;
        this.past.value = past;
        if (inspector.hello.peek()?.mode === "replay") {
          inspector.incidents.value = past.incidents;
          if (past.examined === 1) return;
        }
      }
    } catch {
      // The header shows that the server is gone.
    }
    const again = inspector.hello.peek()?.mode === "replay" ? examineInterval : liveInterval;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(inspector), again);
  }
}
