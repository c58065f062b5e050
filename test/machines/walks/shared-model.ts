import type { LockContext } from "../../../src/machines/lock-context.js";
import type { LockMachineEvent } from "../../../src/machines/lock-events.js";
import type { UpgradingActions } from "../../../src/machines/lock-port.js";
import { LockModel, acceptedEvents as ofLock } from "./lock-model.js";

type Type = LockMachineEvent["type"];

const whileUpgrading: readonly Type[] = ["UPGRADE_FAILED", "LOST", "EXPIRED", "RELEASE", "HAND_OVER"];

/** The events that each state of a shared lock accepts. */
export const acceptedEvents: Readonly<Record<string, readonly Type[]>> = {
  ...ofLock,
  '"held"': [...(ofLock['"held"'] ?? []), "UPGRADE"],
  '{"upgrading":"asking"}': ["BLOCKED", "UPGRADED", ...whileUpgrading],
  '{"upgrading":"waiting"}': ["RETRY", "RENEW", ...whileUpgrading],
  '{"upgrading":"renewing"}': ["RENEWED", "NO_QUORUM", ...whileUpgrading],
};

/** A model of a shared lock: that of a lock, whose lease may be upgraded while it is held. */
export class SharedModel extends LockModel implements UpgradingActions {
  #upgrading = false;
  /** Whether the upgrade fails in the current step. */
  #failing = false;

  override check(state: string, substate: string, context: LockContext, isAccepted: boolean): void {
    // While its lease is upgraded, a lock is held, and may be renewed.
    const isUpgrading = state === "upgrading";
    const isRenewing = isUpgrading && substate === "renewing";
    if (isRenewing) super.check("renewing", "asking", context, isAccepted);
    else super.check(isUpgrading ? "held" : state, isUpgrading ? "" : substate, context, isAccepted);
    this.must("an upgrade is under way", !isUpgrading || this.#upgrading);
    if (state === "held") this.must("no upgrade is under way", !this.#upgrading);
    if (!["held", "renewing", "upgrading", "releasing"].includes(state)) this.#upgrading = false;
  }

  /** The renewal that is under way when an upgrade fails goes on. */
  override askForRenewal(): void {
    if (this.renewing && this.#failing) this.calls++;
    else super.askForRenewal();
    this.#failing = false;
  }

  askForUpgrade(): void {
    this.calls++;
    this.#upgrading = true;
  }

  scheduleUpgrade(): void {
    this.calls++;
    this.must("only an upgrade waits", this.#upgrading);
  }

  finishUpgrade(): void {
    this.#end();
  }

  failUpgrade(error: unknown): void {
    this.must("the reason is passed on", error === "enough");
    this.#failing = true;
    this.#end();
  }

  #end(): void {
    this.calls++;
    this.must("an upgrade ends once", this.#upgrading);
    this.#upgrading = false;
  }
}
