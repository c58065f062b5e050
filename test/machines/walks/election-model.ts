import type { DeposedReason } from "../../../src/errors.js";
import type { ElectionMachineEvent } from "../../../src/machines/election-events.js";
import type { ElectionPort } from "../../../src/machines/election-port.js";
import type { ElectionContext } from "../../../src/machines/election-state.js";

type Type = ElectionMachineEvent["type"];

/** The events that each state accepts. Any other event changes nothing. */
export const acceptedEvents: Readonly<Record<string, readonly Type[]>> = {
  follower: ["CAMPAIGN", "CLOSE"],
  campaigning: ["ELECTED", "FAILED", "CLOSE"],
  leading: ["LOST", "RESIGN", "CLOSE"],
  "resigning.stopping": ["STOPPED", "LOST", "CLOSE"],
  "resigning.releasing": ["RELEASED", "CLOSE"],
  closed: [],
};

/**
 * A model of a candidate without a chart. A campaign ends once: in a term, in a failure, or because it is given up. A term
 * ends once, and is concluded once its lease is released or lost. A candidate that has closed does nothing more.
 */
export class ElectionModel implements ElectionPort {
  /** Number of calls since the last event. */
  calls = 0;
  readonly violations: string[] = [];
  #event: ElectionMachineEvent | null = null;
  #campaigning = false;
  #term: "none" | "leading" | "stopping" | "ended" = "none";
  #terms = 0;
  #releasing = false;
  /** Whoever opens an election begins its first campaign. */
  #scheduled = true;
  #closing = false;
  #finished = false;

  /** Prepares for the next event. */
  expect(event: ElectionMachineEvent, isAccepted: boolean): void {
    this.#event = event;
    this.calls = 0;
    if (!isAccepted) return;
    if (event.type === "CLOSE") this.#closing = true;
    if (event.type === "CAMPAIGN") this.#scheduled = false;
    if (event.type === "ELECTED") this.#campaigning = false;
    if (event.type === "RELEASED") this.#releasing = false;
  }

  /** Checks the invariants between two events. */
  check(path: string, context: ElectionContext): void {
    this.#must("a campaign is under way", this.#campaigning === (path === "campaigning"));
    this.#must("a term lasts", (this.#term === "leading") === (path === "leading"));
    this.#must(
      "the code of the term is stopped",
      (this.#term === "stopping") === (path === "resigning.stopping"),
    );
    this.#must("a release is under way", this.#releasing === (path === "resigning.releasing"));
    this.#must("it has finished", this.#finished === (path === "closed"));
    this.#must("terms are counted", context.terms === this.#terms);
    this.#must(
      "the end is noted",
      path === "closed" || path === "follower" || context.closing === this.#closing,
    );
    if (path === "follower" && this.#event !== null) this.#must("a campaign is scheduled", this.#scheduled);
  }

  campaign(): void {
    this.#called("campaign", !this.#campaigning && this.#term === "none" && !this.#closing);
    this.#campaigning = true;
  }

  abandonCampaign(): void {
    this.#called("abandonCampaign", this.#campaigning && this.#closing);
    this.#campaigning = false;
  }

  reportFailure(error: unknown): void {
    this.#called(
      "reportFailure",
      this.#event?.type === "FAILED" && error === this.#event.error && this.#campaigning,
    );
    this.#campaigning = false;
  }

  beginTerm(number: number): void {
    this.#called("beginTerm", !this.#campaigning && this.#term === "none" && number === this.#terms + 1);
    this.#term = "leading";
    this.#terms = number;
  }

  stopWork(reason: DeposedReason): void {
    const expected = this.#event?.type === "CLOSE" ? "closed" : (this.#event as { reason?: unknown }).reason;
    this.#called("stopWork", this.#term === "leading" && reason === expected);
    this.#term = "stopping";
  }

  releaseLease(): void {
    this.#called("releaseLease", this.#term === "stopping" && !this.#releasing);
    this.#releasing = true;
  }

  endTerm(reason: DeposedReason): void {
    const isLost = this.#event?.type === "LOST";
    const isReason = this.#event?.type !== "LOST" || reason === this.#event.reason;
    this.#called("endTerm", isReason && (isLost ? this.#term !== "none" : this.#term === "stopping"));
    this.#term = "ended";
  }

  concludeTerm(): void {
    this.#called("concludeTerm", this.#term === "ended" && !this.#releasing);
    this.#term = "none";
  }

  scheduleCampaign(): void {
    this.#called("scheduleCampaign", !this.#campaigning && this.#term === "none" && !this.#closing);
    this.#scheduled = true;
  }

  finish(): void {
    this.#called("finish", this.#closing && !this.#campaigning && this.#term === "none" && !this.#finished);
    this.#finished = true;
  }

  #called(name: string, isLegal: boolean): void {
    this.calls++;
    this.#must(`${name} may be called`, isLegal);
  }

  #must(what: string, holds: boolean): void {
    if (!holds) this.violations.push(`${this.#event?.type ?? "at the start"}: ${what}`);
  }
}
