import type { LockContext } from "../../../src/machines/lock-context.js";
import type { LockMachineEvent } from "../../../src/machines/lock-events.js";
import type { UpgradingActions } from "../../../src/machines/lock-port.js";
import { LockModel, acceptedEvents as ofLock } from "./lock-model.js";

type Type = LockMachineEvent["type"];

const whileUpgrading: readonly Type[] = [
  ...["UPGRADED", "UPGRADE_FAILED", "LOST", "EXPIRED", "RELEASE", "HAND_OVER"],
] as Type[];

/** The events that each state of a shared lock accepts. */
export const acceptedEvents: Readonly<Record<string, readonly Type[]>> = {
  ...ofLock,
  '"held"': [...(ofLock['"held"'] ?? []), "UPGRADE"],
  '{"upgrading":"asking"}': ["BLOCKED", ...whileUpgrading],
  '{"upgrading":"waiting"}': ["RETRY", "RENEW", ...whileUpgrading],
  '{"upgrading":"renewing"}': ["RENEWED", "NO_QUORUM", ...whileUpgrading],
};

/** A model of a shared lock: that of a lock, whose lease may be upgraded while it is held. */
export class SharedModel extends LockModel implements UpgradingActions {
  #upgrading = false;

  override check(state: string, substate: string, context: LockContext, isAccepted: boolean): void {
    // While its lease is upgraded, a lock is held.
    const isUpgrading = state === "upgrading";
    super.check(isUpgrading ? "held" : state, isUpgrading ? "" : substate, context, isAccepted);
    this.must("an upgrade is under way", !isUpgrading || this.#upgrading);
    if (state === "held") this.must("no upgrade is under way", !this.#upgrading);
    if (!["held", "renewing", "upgrading", "releasing"].includes(state)) this.#upgrading = false;
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
    this.#end();
  }

  #end(): void {
    this.calls++;
    this.must("an upgrade ends once", this.#upgrading);
    this.#upgrading = false;
    // The round of a renewal that is under way is not waited for.
    this.endRenewal();
  }
}
