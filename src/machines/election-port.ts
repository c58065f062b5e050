import type { DeposedReason } from "../errors.js";
import { Ports } from "./port.js";

/** The object that the election state machine acts on. None of its actions may throw, because that stops the actor. */
export interface ElectionPort {
  /** Asks for the lease → ELECTED or FAILED. */
  campaign(): void;
  /** Gives up the campaign that is under way. */
  abandonCampaign(): void;
  /** Reports a campaign that ended without a lease. */
  reportFailure(error: unknown): void;
  beginTerm(term: number): void;
  /** Asks the work of the term to stop → STOPPED, or LOST if the lease is lost before. */
  stopWork(reason: DeposedReason): void;
  /** Ends the leadership, and reports the end. */
  endTerm(reason: DeposedReason): void;
  /** → RELEASED */
  releaseLease(): void;
  /** The lease is no longer held, here or on the nodes. */
  concludeTerm(): void;
  /** → CAMPAIGN, after a delay if something failed, and not before the work of the last term has ended. */
  scheduleCampaign(): void;
  finish(): void;
}

export const electionPorts = new Ports<ElectionPort>();
