import { InvalidOptionError } from "../errors.js";
import type { Manager } from "../manager/manager.js";
import { checkText } from "../support/checks.js";
import { Candidate } from "./candidate.js";
import { electionSettingsOf } from "./election-settings.js";
import { ManagedElection } from "./managed-election.js";
import type { ElectionOptions } from "./types.js";

/** The open elections of one manager. Each name has at most one candidate. */
export class Elections {
  readonly #candidates = new Map<string, Candidate>();
  #used = false;

  constructor(private readonly manager: Manager) {}

  /** Opens an election, and campaigns. @throws InvalidOptionError, ManagerClosedError. */
  open(name: string, options: ElectionOptions | undefined): ManagedElection {
    const settings = electionSettingsOf(this.manager.factory, options);
    const checked = checkText("name", name, "a non-empty string");
    if (checked === "") throw new InvalidOptionError("name", name, "a non-empty string");
    if (this.#candidates.has(checked)) {
      const allowed = "a name without an open election of these locks: use that election, or close it first";
      throw new InvalidOptionError("name", name, allowed);
    }
    const remove = () => void this.#candidates.delete(checked);
    const candidate = new Candidate(checked, settings, this.manager, remove);
    this.#candidates.set(checked, candidate);
    this.#listenForClosing();
    candidate.send({ type: "CAMPAIGN" });
    return new ManagedElection(candidate);
  }

  #listenForClosing(): void {
    if (this.#used) return;
    this.#used = true;
    this.manager.onClosing(async () => {
      for (const candidate of [...this.#candidates.values()]) candidate.managerClosed();
    });
  }
}
